package import SystemSupport

/// The reason why rows or aggregates could not be sent, or why a report could not be read from a server. The
/// description names the affected item and suggests a fix.
package enum SyncError: ReportedError, Equatable {
    /// The URL cannot be used, for this reason.
    case badDestination(String)
    /// The user name and password cannot be used, for this reason.
    case badCredentials(String)
    /// The file of allowed names cannot be used, for this reason.
    case badNames(String)
    /// The file of the destinations of aggregates cannot be used, for this reason.
    case badAggregateSettings(path: String, reason: String)
    /// The data folder is a copy or was restored: the destination got its id in another data folder.
    case copiedFolder(name: String)
    /// The server has no aggregates of Nexus.
    case noAggregates(String)
    /// A later version of Nexus has changed the tables at the destination.
    case newerTables(String)
    /// No `source` on the server (see `DailyLines`) begins with this text, or several begin with it.
    case unknownInstallation(String, isAmbiguous: Bool)
    /// There is no destination of this name.
    case unknownName(String)
    /// The egress ledger or its head was altered.
    case damagedLedger(path: String, LedgerReader.Damage)
    /// Another process is sending.
    case alreadySending
    /// The proxy that this environment variable names cannot be used, for this reason.
    case badProxy(String, reason: String)
    /// The file of trusted certificates cannot be used, for this reason.
    case badCertificates(String, reason: String)
    /// The server's identity cannot be verified. `reason` states the cause, and what the user can do.
    case untrusted(String, reason: String)
    /// The proxy requires a user name and a password.
    case proxyNotPermitted(String)
    /// The destination cannot be reached, for this reason.
    case unreachable(String, reason: String)
    /// The destination is reachable and temporarily unavailable.
    case busy(String, reason: String)
    /// The destination does not accept the credentials.
    case notPermitted(String, reason: String)
    /// The destination rejects the data permanently.
    case refused(String, reason: String)
    /// The server at the destination is not ClickHouse; nothing was sent.
    case notClickHouse(String, answer: String)
    /// Data was sent, but the destination's answer does not confirm that it was stored.
    case unexpectedAnswer(String, answer: String)
    /// The answer to a query of a report does not have the form of ClickHouse's answers.
    case unreadableAnswer(String, answer: String)
    /// Another file at the destination has the name of the file to send.
    case occupied(String)
    /// A file could not be stored at the destination.
    case inputOutput(SystemError)
    /// No writer has migrated the database yet.
    case notReady

    package var description: String {
        switch self {
        case .badDestination(let reason): "cannot use the destination: \(reason)"
        case .badCredentials(let reason): "cannot use the credentials: \(reason)"
        case .badNames(let reason): "cannot use the list of allowed names: \(reason)"
        case .badAggregateSettings(let path, let reason):
            "cannot use \(path.escapedForDisplay): \(reason); put a backup in its place, or move it away and run "
                + "'nexus sync add' for each destination again"
        case .copiedFolder(let name):
            "nothing was sent to \(name.escapedForDisplay): this data folder is a copy or was restored, "
                + "and two folders with the same id would replace each other's days there; run 'nexus sync add' again "
                + "with --renew if the other folder is still in use, else with --keep"
        case .noAggregates(let place):
            "cannot report from \(place.escapedForDisplay): it has no aggregates of nexus; send some with "
                + "'nexus sync add NAME \(place.escapedForDisplay) --aggregates' and 'nexus sync --to NAME'"
        case .newerTables(let place):
            "cannot use the tables at \(place.escapedForDisplay): a newer Nexus has changed them; update Nexus"
        case .unknownInstallation(let text, let isAmbiguous):
            isAmbiguous
                ? "cannot tell which installation \(text.escapedForDisplay) is: "
                    + "several ids on the server begin with it; give more digits"
                : "cannot find the installation \(text.escapedForDisplay): no id on the server begins with it; "
                    + "'nexus stats --by installation' lists the ids"
        case .unknownName(let name):
            "unknown destination '\(name.escapedForDisplay)': 'nexus sync list' lists destinations, "
                + "'nexus sync add' adds one"
        case .damagedLedger(let path, let damage):
            "nothing was sent: \(path.escapedForDisplay) was altered; \(damage). Move it and ledger.head to another "
                + "folder, keep both for inspection, and run again with '--new-ledger': events are then sent again, "
                + "without duplicates"
        case .alreadySending: "another 'nexus sync' is running: wait for it, or try again later"
        case .badProxy(let variable, let reason): "cannot use the proxy in \(variable): \(reason.escapedForDisplay)"
        case .badCertificates(let path, let reason):
            "cannot use SSL_CERT_FILE \(path.escapedForDisplay): \(reason.escapedForDisplay)"
        case .untrusted(let place, let reason): "nothing was sent to \(place.escapedForDisplay): \(reason)"
        case .proxyNotPermitted(let proxy):
            "cannot use the proxy \(proxy.escapedForDisplay): it requires a user name and a password; "
                + "set http_proxy or https_proxy to http://USER:PASSWORD@HOST:PORT"
        case .unreachable(let place, let reason):
            "cannot reach \(place.escapedForDisplay): \(reason.escapedForDisplay)"
        case .busy(let place, let reason):
            "\(place.escapedForDisplay) is busy: \(reason.escapedForDisplay); try again later, "
                + "confirmed events are not sent again"
        case .notPermitted(let place, let reason):
            "\(place.escapedForDisplay) denies access: \(reason.escapedForDisplay); "
                + "check NEXUS_SYNC_USER and NEXUS_SYNC_PASSWORD"
        case .refused(let place, let reason):
            "\(place.escapedForDisplay) refuses: \(reason.escapedForDisplay)"
        case .notClickHouse(let place, let answer):
            "nothing was sent: \(place.escapedForDisplay) is not ClickHouse, it answers \(answer.escapedForDisplay); "
                + "check the host and the port"
        case .unexpectedAnswer(let place, let answer):
            "cannot confirm the transfer: \(place.escapedForDisplay) answers \(answer.escapedForDisplay); "
                + "the ledger records no confirmation; check the server and run again"
        case .unreadableAnswer(let place, let answer):
            "cannot read the answer of \(place.escapedForDisplay): '\(answer.escapedForDisplay)'; check the server and its "
                + "tables nexus_daily and nexus_daily_versions"
        case .occupied(let place):
            "cannot write \(place.escapedForDisplay): another file has this name; move it away and run again"
        case .inputOutput(let error): error.description
        case .notReady: "cannot send events: an older Nexus wrote the database; run 'nexus flush'"
        }
    }

    /// The exit code of a command that fails with this error.
    package var exitCode: ExitCode {
        switch self {
        case .badDestination, .badNames, .unknownName: .usage
        case .copiedFolder, .badAggregateSettings, .noAggregates, .newerTables: .settings
        case .unknownInstallation: .rejectedInput
        case .badCredentials, .badProxy, .badCertificates, .untrusted,
            .refused, .notClickHouse, .unexpectedAnswer, .unreadableAnswer:
            .settings
        case .damagedLedger, .occupied: .inputOutput
        case .alreadySending, .busy, .notReady: .tryAgain
        case .unreachable: .unavailable
        case .notPermitted, .proxyNotPermitted: .notPermitted
        case .inputOutput(let error): ExitCode(error)
        }
    }
}

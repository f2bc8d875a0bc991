package import Core

/// The manual pages, generated from the command tree (`nexus --experimental-dump-help`), in the form of man(7). There
/// is a page for the program and a page for each subcommand.
package enum ManualPages {
    package struct Page: Equatable, Sendable {
        /// The name of the page, such as `nexus-stats`.
        package let name: String
        /// The source of the page for man(1).
        package let text: String
    }

    /// Returns all pages of a command tree; empty if `dump` has no command tree.
    ///
    /// - Parameters:
    ///   - dump: the output of `--experimental-dump-help`.
    ///   - version: the version of the program.
    package static func pages(of dump: JSONValue, version: String) -> [Page] {
        guard let root = dump["command"] else { return [] }
        return pages(of: root, above: [], version)
    }

    private static func pages(of command: JSONValue, above: [String], _ version: String) -> [Page] {
        let path = above + [command["commandName"]?.text ?? ""]
        let subcommands = (command["subcommands"]?.items ?? []).filter {
            $0["commandName"]?.text != "help" && $0["shouldDisplay"] != .bool(false)
        }
        let below = subcommands.map { command in
            (path: path + [command["commandName"]?.text ?? ""], abstract: command["abstract"]?.text ?? "")
        }
        let page = Page(
            name: path.joined(separator: "-"),
            text: ManualPage(command: command, path: path, below: below, version: version).text)
        return [page] + subcommands.flatMap { pages(of: $0, above: path, version) }
    }
}

/// One manual page.
private struct ManualPage {
    let command: JSONValue
    let path: [String]
    /// The subcommands. `path` has the names of all commands from the program to the subcommand.
    let below: [(path: [String], abstract: String)]
    let version: String

    private var isProgram: Bool { path.count == 1 }
    private var name: String { path.joined(separator: "-") }
    private var options: [JSONValue] {
        (command["arguments"]?.items ?? []).filter { $0["shouldDisplay"] != .bool(false) }
    }

    var text: String {
        var lines = [
            ".TH \(roff(name.uppercased())) 1 \"\" \"nexus \(version)\" \"Nexus Manual\"", ".SH NAME",
            "\(roff(name)) \\- \(roff(command["abstract"]?.text ?? ""))", ".SH SYNOPSIS", ".nh", synopsis, ".hy",
        ]
        let (description, examples) = discussion
        if !description.isEmpty { lines += [".SH DESCRIPTION"] + paragraphs(description) }
        lines += commands + optionSections
        if !examples.isEmpty { lines += [".SH EXAMPLES", ".nf"] + examples.map { roffLine($0) } + [".fi"] }
        lines += isProgram ? Self.environment + Self.files : Self.elsewhere
        lines += Self.exitStatus + seeAlso
        return lines.joined(separator: "\n") + "\n"
    }

    /// The text of the help without its examples, and the lines under EXAMPLES.
    private var discussion: (text: String, examples: [String]) {
        let parts = (command["discussion"]?.text ?? "").split(separator: "EXAMPLES\n", maxSplits: 1)
        guard let first = parts.first else { return ("", []) }
        guard parts.count > 1 || (command["discussion"]?.text ?? "").hasPrefix("EXAMPLES\n") else {
            return (String(first), [])
        }
        let examples = (parts.count > 1 ? parts[1] : first).split(separator: "\n").map { String($0.dropFirst(2)) }
        return (parts.count > 1 ? String(first) : "", examples)
    }

    private func paragraphs(_ text: String) -> [String] {
        text.split(separator: "\n\n").flatMap { paragraph -> [String] in
            let lines = paragraph.split(separator: "\n").map { roffLine(String($0)) }
            return [".PP"] + Array(lines.map { [$0] }.joined(separator: [".br"]))
        }
    }

    // MARK: Arguments

    private var synopsis: String {
        var parts = [".B " + roff(path.joined(separator: " "))]
        if !below.isEmpty { parts.append(".I command") }
        for option in options {
            let text = spelling(option)
            let isOptional = option["isOptional"] == .bool(true)
            parts.append(".RB " + quoted((isOptional ? "[" : "") + text + (isOptional ? "]" : "")))
        }
        return parts.joined(separator: "\n")
    }

    /// Returns an option as the synopsis shows it, such as `--top <n>` or `<file> ...`.
    private func spelling(_ option: JSONValue) -> String {
        let value = "<\(option["valueName"]?.text ?? "value")>"
        let repeats = option["isRepeating"] == .bool(true) ? " ..." : ""
        switch option["kind"]?.text {
        case "positional": return value + repeats
        case "option": return names(option).first.map { "\($0) \(value)\(repeats)" } ?? value
        default: return names(option).first ?? ""
        }
    }

    private func names(_ option: JSONValue) -> [String] {
        let names = (option["names"]?.items ?? []).map { name in
            (name["kind"]?.text == "long" ? "--" : "-") + (name["name"]?.text ?? "")
        }
        return names.sorted { ($0.hasPrefix("--") ? 0 : 1, $0) < ($1.hasPrefix("--") ? 0 : 1, $1) }
    }

    private var commands: [String] {
        guard !below.isEmpty else { return [] }
        return [".SH COMMANDS"]
            + below.flatMap { command in
                [".TP", ".BR \(roff(command.path.joined(separator: "-"))) (1)", roffLine(command.abstract)]
            }
    }

    /// The options under the section titles of the help.
    private var optionSections: [String] {
        var titles: [String] = []
        for option in options {
            let title = option["sectionTitle"]?.text ?? "Options"
            if !titles.contains(title) { titles.append(title) }
        }
        return titles.isEmpty
            ? []
            : [".SH OPTIONS"]
                + titles.flatMap { title -> [String] in
                    (titles.count > 1 ? [".SS " + quoted(title)] : [])
                        + options.filter { ($0["sectionTitle"]?.text ?? "Options") == title }.flatMap(entry)
                }
    }

    private func entry(_ option: JSONValue) -> [String] {
        let value = "<\(option["valueName"]?.text ?? "value")>"
        let head =
            option["kind"]?.text == "positional"
            ? value : names(option).joined(separator: ", ") + (option["kind"]?.text == "option" ? " \(value)" : "")
        var text = option["abstract"]?.text ?? ""
        let values = (option["allValues"]?.items ?? []).compactMap(\.text)
        if !values.isEmpty, !values.allSatisfy(text.contains) {
            text += " Values: \(values.joined(separator: ", "))."
        }
        if let given = option["defaultValue"]?.text { text += " The default is \(given)." }
        return [".TP", ".B " + quoted(head), roffLine(text)]
    }

    // MARK: Common sections

    private var seeAlso: [String] {
        var pages = below.map(\.path)
        if !isProgram { pages.insert(Array(path.dropLast()), at: 0) }
        return [".SH SEE ALSO"]
            + pages.enumerated().map { index, page in
                ".BR \(roff(page.joined(separator: "-"))) (1)" + (index + 1 < pages.count ? "," : "")
            }
    }

    private static func list(_ title: String, _ entries: [(String, String)]) -> [String] {
        [".SH " + title] + entries.flatMap { [".TP", ".B " + quoted($0), roffLine($1)] }
    }

    private static let elsewhere = [
        ".SH ENVIRONMENT", "Described in", ".BR nexus (1).", ".SH FILES", "Described in", ".BR nexus (1).",
    ]

    private static let environment = list(
        "ENVIRONMENT",
        [
            ("NEXUS_DATA_DIR", "The data folder, an absolute path."),
            ("XDG_DATA_HOME", "Without NEXUS_DATA_DIR, the data is in nexus/ in this folder; default ~/.local/share."),
            ("XDG_RUNTIME_DIR", "Without NEXUS_DATA_DIR, the service's socket and pipe are in nexus/ in this folder."),
            (
                "NEXUS_TELEMETRY",
                "Recording is off unless this variable is empty or not set, or is 'on', '1', 'true' or 'yes'."
            ), ("DO_NOT_TRACK", "Recording is off unless this variable is empty or not set, or is '0'."),
            ("NEXUS_SESSION", "The session of events that name no session; by default the calling shell."),
            ("NEXUS_WORKSPACE", "The workspace of shell lines and of 'nexus exec'; no workspace if it is empty."),
            ("NEXUS_SYNC_USER, NEXUS_SYNC_PASSWORD", "The credentials of 'nexus sync'."),
            ("SSL_CERT_FILE", "A file of trusted certificates for 'nexus sync'."),
            ("http_proxy, https_proxy, no_proxy", "The proxy of 'nexus sync'."),
            ("TZ", "The time zone of days and hours in reports."),
            ("NO_COLOR", "Switches colours off if it is set and not empty."),
        ])

    private static let files = list(
        "FILES",
        [
            ("nexus.db", "The SQLite database in the data folder; its tables events and sessions may be queried."),
            ("buffer/", "Accepted events that are not stored yet."),
            ("key", "The 32 random bytes with which names are hashed."),
            ("settings.json", "The settings: recording, retention_days, destinations, name_folders and others."),
            ("ledger.ndjson", "The ledger of transfers."),
            ("socket, pipe", "The socket and the named pipe of a running service."),
            (".nexus-telemetry-off", "In any folder: nothing is recorded in that folder and in the folders below it."),
        ])

    private static let exitStatus = list(
        "EXIT STATUS",
        [
            ("0", "Success."), ("1", "A condition of 'nexus compare --fail-if' is met."),
            ("64", "Wrong use: an unknown option or value."), ("65", "Input was rejected, or a check found a problem."),
            ("69", "A service or server is unavailable."), ("74", "Input or output failed."),
            ("75", "Temporary failure: try again."), ("77", "Permission denied."),
            ("78", "The settings forbid the operation, or cannot be read."),
            ("130, 143", "Stopped by SIGINT or SIGTERM."),
        ])
}

/// Returns a text in which the characters that roff would interpret are escaped.
private func roff(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\\": result += "\\e"
        case "-": result += "\\-"
        case "'": result += "\\(aq"
        case "`": result += "\\(ga"
        case "^": result += "\\(ha"
        case "~": result += "\\(ti"
        case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
        default:
            let digits = String(scalar.value, radix: 16, uppercase: true)
            result += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
        }
    }
    return result
}

/// Returns a text escaped as a whole line, so that roff does not read the line as a request.
private func roffLine(_ text: String) -> String {
    let line = roff(text)
    return line.hasPrefix(".") || line.hasPrefix("\\(aq") ? "\\&" + line : line
}

/// Returns a text escaped as one argument of a request.
private func quoted(_ text: String) -> String { "\"" + roff(text).replacing("\"", with: "\\(dq") + "\"" }

extension JSONValue {
    fileprivate subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members.first { $0.key == key }?.value } else { nil }
    }

    fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }

    fileprivate var items: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
}

import Application
import ArgumentParser
import Core
import Sync
import SystemSupport

/// `nexus sync add --aggregates`: adds a destination of aggregates, or changes the list of names of a known
/// destination.
struct AggregateAddition {
    let name: String
    let destination: Destination
    /// Path of the file that lists the names that may be sent; nil if all names may be sent.
    let listPath: String?
    /// Whether the destination gets a new id.
    let renews: Bool
    /// Whether a copied data folder keeps the id of the destination.
    let keeps: Bool

    func run() async throws {
        let data = try DataFolder.required()
        let allowed = try listPath.map(Self.list)
        try Destinations(in: data).requireFreeForAggregates(name, for: destination)
        try await ReadingCommand.storeWaiting(in: data)
        let installation = try AggregateSync.installation(of: data)
        try AggregateSettingsFile(data).update { settings in
            settings.entries[name] = try entry(settings.entries[name], installation, allowed)
        }
        let names = try LeavingNames(of: data, allowed: allowed)
        try CommandContext.current.write(
            LeavingNamesReport(names, allowed: allowed, name: name, destination: destination).text)
    }

    /// Returns the settings of the destination. A known destination keeps its id unless `renews` is set, so that later
    /// runs replace the days there.
    private func entry(
        _ known: AggregateSettings.Entry?, _ installation: String?, _ allowed: AllowedNames?
    ) throws -> AggregateSettings.Entry {
        guard var entry = known, !renews else {
            return .init(
                url: destination.identity, source: AggregateDestination.newSource(), installation: installation,
                allowed: allowed)
        }
        if let old = entry.installation, let installation, old != installation, !keeps {
            throw SyncError.copiedFolder(name: name)
        }
        entry.installation = installation ?? entry.installation
        entry.allowed = allowed
        entry.state = .sending
        return entry
    }

    private static func list(_ path: String) throws -> AllowedNames {
        var bytes: [UInt8] = []
        // A named pipe at the path must not block.
        let file = try File(opening: path, [.read, .nonBlocking, .followingLinks])
        guard try file.status().isRegular else { throw SystemError.notAFile(path) }
        while try file.read(appendingTo: &bytes, limit: Limits.inputChunkBytes) > 0,
            bytes.count <= Limits.allowedNamesBytes
        {}
        guard bytes.count <= Limits.allowedNamesBytes else {
            throw SyncError.badNames("it is longer than \(Limits.allowedNamesBytes) bytes; shorten it")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw SyncError.badNames("it is not UTF-8 text; convert it")
        }
        return try AllowedNames(bytes.text)
    }
}

/// `nexus sync` to a destination of aggregates.
struct AggregateRun {
    let name: String
    let entry: AggregateSettings.Entry
    let data: DataFolder
    /// Path of the file with the user name and the password.
    let credentials: String?
    let isDryRun: Bool
    let fromStart: Bool
    let beginsLedger: Bool
    let isJSON: Bool

    func run() async throws {
        let credentials = try Credentials.load(file: credentials)
        let destination = try Destination(entry.url)
        try await ReadingCommand.storeWaiting(in: data)
        guard let sync = try AggregateSync(name, entry, data: data, parts: Composition.writer) else {
            return try write(AggregateReport(.init(), to: destination))
        }
        if isDryRun { return try preview(sync, destination) }
        if credentials != nil, destination.isReadableOnTheWay {
            try CommandContext.current.report(
                "nexus: the connection is not encrypted: others may read user name, password and figures; use https:// or "
                    + "clickhouses://\n")
        }
        if beginsLedger, try await !sync.acceptNewLedger() { throw CommandFailure.writerIsBusy }
        try write(AggregateReport(await Self.send(sync, fromStart, credentials), of: sync, name: name, to: destination))
    }

    static func send(
        _ sync: AggregateSync, _ fromStart: Bool, _ credentials: Credentials?
    ) async throws -> AggregateTransmission.Summary {
        let bar = ProgressLine(total: 1000)
        return try await CancelOnSignal.run(ifStopped: "confirmed days are not sent again") {
            defer { bar?.clear() }
            return try await sync.send(fromStart: fromStart, credentials: credentials) {
                SyncCommand.Send.show($0, on: bar)
            }
        }
    }

    /// Writes the bytes of the days to standard output, and a summary to standard error. With `--json`, one document on
    /// standard output contains both.
    private func preview(_ sync: AggregateSync, _ destination: Destination) throws {
        var report = AggregatePreview(to: destination, isWithdrawal: sync.isWithdrawal, unknownDays: sync.unknownDays)
        try sync.preview(fromStart: fromStart) { day in
            report.add(day)
            if !isJSON { try CommandContext.current.write(day.bytes.text) }
        }
        if isJSON {
            try CommandContext.current.write(report.json.document)
        } else {
            try CommandContext.current.report(report.text)
        }
    }

    private func write(_ report: AggregateReport) throws {
        try CommandContext.current.write(isJSON ? report.json.document : report.text)
    }
}

/// `nexus sync remove` of a destination of aggregates.
struct AggregateRemoval {
    let name: String
    let entry: AggregateSettings.Entry
    let data: DataFolder
    /// Path of the file with the user name and the password.
    let credentials: String?
    /// Whether the days at the destination are first replaced with empty days.
    let withdraws: Bool
    /// Whether the days stay at the destination.
    let keeps: Bool

    func run() async throws {
        let credentials = try Credentials.load(file: credentials)
        if !keeps {
            let sync = try AggregateSync(name, entry, withdraws: true, data: data, parts: Composition.writer)
            let days = try sync?.daysThere() ?? 0
            if let sync, days > 0 {
                guard withdraws else {
                    throw CommandFailure(
                        "nothing was removed: \(entry.url.escapedForDisplay) has \(days.counted("day")) of '\(name)'; withdraw "
                            + "them with --withdraw, or leave them there with --keep", .usage)
                }
                let summary = try await AggregateRun.send(sync, false, credentials)
                try CommandContext.current.write(
                    AggregateReport(summary, of: sync, name: name, to: try Destination(entry.url)).text)
            }
        }
        try AggregateSettingsFile(data).update { $0.entries[name] = nil }
    }
}

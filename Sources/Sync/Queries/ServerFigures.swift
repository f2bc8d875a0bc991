import AsyncHTTPClient
package import Core
package import Database
import Rollups
import SystemSupport

/// The answer of a server, as a database for reports.
package struct ServerAnswer: Sendable {
    package let reader: StoreReader
}

/// Reads aggregates from a server for reports. It sends only queries, as GET requests, in which ClickHouse permits no
/// changes. The queries for figures set limits on time and memory, if the server permits that (see
/// `ClickHouseConnection.lines`).
package struct ServerFigures: Sendable {
    private let destination: Destination
    private let credentials: Credentials?

    /// - Throws: `SyncError.badDestination` if the URL is not a `clickhouse://` or `clickhouses://` URL.
    package init(_ url: String, credentials: Credentials?) throws {
        guard Self.isServer(url) else {
            throw SyncError.badDestination(
                "reports are read from clickhouse://HOST:PORT/DATABASE, or clickhouses:// over TLS")
        }
        destination = try Destination(url)
        self.credentials = credentials
    }

    /// Returns whether the argument of `--from` means a server, and not a file.
    package static func isServer(_ text: String) -> Bool {
        let text = text.lowercased()
        return text.hasPrefix("clickhouse://") || text.hasPrefix("clickhouses://")
    }

    /// Whether others on the network could read the password and the answer.
    package var isReadableOnTheWay: Bool { destination.address.map { !$0.isEncrypted && !$0.isLocal } ?? false }

    /// Returns a database with the answers, for reports.
    /// - Parameters:
    ///   - questions: the questions of one report. A question for counts precedes the questions for durations.
    ///   - data: the data folder whose path appears in error messages of the database.
    ///   - bucket: returns the 15-minute bucket to which the figures of a day are added. The argument is the day's
    ///     number since 1970.
    /// - Throws: a `SyncError`, or the error of the database.
    package func read(
        _ questions: [ServerQuestion], in data: DataFolder, deadline: TransferDeadline = .standard,
        bucket: @escaping @Sendable (Int64) -> Int64
    ) async throws -> ServerAnswer {
        guard case .clickHouse(let address, let database) = destination else {
            preconditionFailure("only ClickHouse is accepted")
        }
        let options = try WebOptions.load(for: address, deadline: deadline)
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: WebConnection.configuration(options))
        let connection = ClickHouseConnection(
            client, destination, address, database: database, credentials: credentials, options: options)
        do {
            let reader = try await Self.read(questions, connection, FiguresCollector(data, bucket))
            try await client.shutdown()
            return ServerAnswer(reader: reader)
        } catch {
            try? await client.shutdown()
            if let failure = error as? RetryPolicy.Failure { throw failure.error }
            throw error
        }
    }

    private static func read(
        _ questions: [ServerQuestion], _ connection: ClickHouseConnection, _ collector: FiguresCollector
    ) async throws -> StoreReader {
        try await connection.requireClickHouse()
        guard try await connection.hasTable(ClickHouseDayTarget.lines) else {
            throw SyncError.noAggregates(connection.place)
        }
        // On a cluster, an administrator may have created the tables of aggregates without `nexus_tables`.
        if try await connection.hasTable(ClickHouseTables.table) { try await ClickHouseTables.requireKnown(connection) }
        if let question = questions.first, let installation = question.installation {
            let ids = LineCounter()
            try await connection.lines(of: question.sqlOfInstallations(in: connection.database)) { await ids.count($0) }
            let found = await ids.lines
            guard found == 1 else { throw SyncError.unknownInstallation(installation, isAmbiguous: found > 1) }
        }
        let place = connection.place
        for question in questions {
            try await connection.lines(of: question.sql(in: connection.database)) { chunk in
                guard try await collector.add(chunk) else {
                    let line = chunk.prefix(100).prefix { $0 != UInt8(ascii: "\n") }
                    throw SyncError.unreadableAnswer(place, answer: Array(line).text)
                }
            }
        }
        return try await collector.finish()
    }
}

/// Counts the lines of an answer that arrives in chunks.
private actor LineCounter {
    private(set) var lines = 0

    func count(_ chunk: [UInt8]) { lines += chunk.count { $0 == UInt8(ascii: "\n") } }
}

/// Fills a database with the lines of an answer, on a separate thread.
private actor FiguresCollector {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let data: DataFolder
    private let bucket: @Sendable (Int64) -> Int64
    private var days: FiguresOfDays?
    /// The day of the last line, and its bucket. The lines of a day are consecutive, so the next line usually has the
    /// same bucket.
    private var last: (day: Int64, bucket: Int64)?

    init(_ data: DataFolder, _ bucket: @escaping @Sendable (Int64) -> Int64) {
        self.data = data
        self.bucket = bucket
    }

    /// Adds lines. Returns false if a line cannot be read.
    func add(_ chunk: [UInt8]) throws -> Bool {
        var days = try self.days ?? FiguresOfDays(in: data)
        // The property is cleared, so that `days` has the only reference to the array of pending figures. With a second
        // reference, each call would copy the array.
        self.days = nil
        defer { self.days = days }
        var start = 0
        let bytes = chunk.span
        while let end = bytes.firstIndex(of: UInt8(ascii: "\n"), from: start) {
            guard let line = ServerLine(bytes.extracting(start..<end)) else { return false }
            let bucket = last?.day == line.day ? last?.bucket ?? 0 : self.bucket(line.day)
            last = (line.day, bucket)
            try days.add(line.figures, bucket: bucket, installation: line.installation)
            start = end + 1
        }
        return true
    }

    func finish() throws -> StoreReader {
        var days = try self.days ?? FiguresOfDays(in: data)
        self.days = nil
        return try days.finish()
    }
}

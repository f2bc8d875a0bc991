import Application
import Database
import Foundation
import Intake
import Reports
import SystemSupport
import TestSupport

/// The zone is set once for all reports of this process: `localtime` reads it from the environment.
private let setZone: Void = {
    unsafe setenv("TZ", "Europe/Berlin", 1)
    tzset()
}()

/// Events in a database of a test's own, and the reports on them in Berlin's time.
struct ReportHarness {
    /// 2026-11-23T12:00:00Z.
    static let now: Int64 = 1_795_435_200_000

    let folder: TemporaryFolder

    init() throws {
        setZone
        folder = try TemporaryFolder()
    }

    /// Records lines of NDJSON and stores them.
    func store(_ lines: [String]) async throws {
        var filler = BufferFiller(folder.data)
        try filler.append(lines)
        guard let lock = try WriterLock.acquire(in: folder.data) else { throw CocoaError(.fileLocking) }
        let writer = try SQLiteWriter(data: folder.data, lock: lock, clock: ManualWallClock(Self.now))
        _ = try await writer.drain()
        try await writer.finish()
    }

    /// The lines of a fixture.
    static func lines(_ fixture: String) throws -> [String] {
        String(decoding: try Repository.fixture(fixture), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func source(_ window: ReportWindow, filter: ReportFilter = ReportFilter()) throws -> UsageSource {
        UsageSource(reader: try StoreReader(data: folder.data), window: window, now: Self.now, filter: filter)
    }

    func insights(_ window: ReportWindow, filter: ReportFilter = ReportFilter()) throws -> Insights {
        Insights(try InsightsInput(window, from: StoreReader(data: folder.data), filter: filter))
    }

    /// A filter by the names that were recorded.
    static func filter(command: String? = nil, workspace: String? = nil) -> ReportFilter {
        var filter = ReportFilter(command: command, workspace: workspace)
        filter.workspaceHash = workspace.map { BufferFiller.key.hash(ofName: $0) }
        return filter
    }
}

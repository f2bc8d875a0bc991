import GRDB
package import Platform

/// The database of a snapshot, read page by page while others record: the pages of the contract's tables as they are at
/// one moment (see `PinnedPages`), and all others from a small copy in which SQLite has put away what is not the
/// contract's. Nothing but that copy is written.
package final class PinnedSnapshot {
    package let installation: Installation
    /// Length of the database.
    package let bytes: Int
    /// Let go of at the end, so that the database's log is held back no longer.
    private var pages: PinnedPages?
    private let pageBytes: Int
    /// The copy: a file as long as the database that holds some of its pages, and nothing where the others are.
    private let copy: File
    private let isCopied: [Bool]
    /// Which pages hold rows of `events`.
    private let holdsEvents: [Bool]
    /// What it holds, once all of it was read.
    package private(set) var counts: SnapshotRows.Counts
    private var next = 1

    /// Pins the database of `data`; nil when its pages have to be copied: most of them are none of the contract's, or it
    /// cannot be pinned. The small copy is made at `path`.
    package static func pin(_ data: DataFolder, copy path: String) throws(StoreError) -> PinnedSnapshot? {
        // Where nothing can be written SQLite reads by other means.
        guard data.folder.isWritable else { return nil }
        return try asStoreError(data.databasePath) {
            guard let queue = try DatabaseOpening.forReading(data, pinning: true), let pages = try PinnedPages(queue)
            else { return nil }
            guard let plan = try PagePlan(pages), plan.others.count * 2 <= pages.pageCount else { return nil }
            return try PinnedSnapshot(pages, plan, path)
        }
    }

    private init?(_ pages: PinnedPages, _ plan: PagePlan, _ path: String) throws {
        let found = try pages.look { database in
            (installation: try Installation.current(in: database), counts: try Self.counts(in: database))
        }
        guard let installation = found.installation else { return nil }
        try plan.copyOthers(of: pages, to: path)
        let size = try SnapshotDatabase.putAwayOthers(in: path, installation)
        self.installation = installation
        self.pages = pages
        pageBytes = pages.pageBytes
        bytes = size * pages.pageBytes
        copy = try File(opening: path, .read)
        var isCopied = [Bool](repeating: false, count: max(size, pages.pageCount))
        for number in plan.others { isCopied[number - 1] = true }
        for number in pages.pageCount..<isCopied.count { isCopied[number] = true }
        self.isCopied = isCopied
        var holdsEvents = [Bool](repeating: false, count: isCopied.count)
        for number in plan.eventLeaves { holdsEvents[number - 1] = true }
        self.holdsEvents = holdsEvents
        counts = found.counts
    }

    /// All but the number of events, which is counted while they are read.
    private static func counts(in database: Database) throws -> SnapshotRows.Counts {
        var counts = SnapshotRows.Counts()
        counts.sessions = try Int.fetchOne(database, sql: "SELECT count(*) FROM sessions") ?? 0
        counts.ids = try SnapshotRows.ids(in: database)
        counts.times = try SnapshotDatabase.span(of: database) ?? SnapshotRows.times(in: database)
        return counts
    }

    /// The next bytes of the database, at most `limit`; nil at its end.
    package func read(_ limit: Int) throws(StoreError) -> [UInt8]? {
        try asStoreError(copy.path) {
            let last = min(next + limit / pageBytes - 1, bytes / pageBytes)
            guard let pages, last >= next else {
                pages = nil
                return nil
            }
            defer { next = last + 1 }
            var piece = try pages.read(next...last)
            for number in next...last {
                let place = (number - next) * pageBytes
                if isCopied[number - 1] {
                    try piece.replaceSubrange(place..<place + pageBytes, with: copiedPage(number))
                } else if holdsEvents[number - 1] {
                    counts.events += TablePage.rows(piece, at: place)
                }
            }
            return piece
        }
    }

    private func copiedPage(_ number: Int) throws(SystemError) -> [UInt8] {
        var page: [UInt8] = []
        while page.count < pageBytes {
            let offset = (number - 1) * pageBytes + page.count
            if try copy.read(appendingTo: &page, at: offset, limit: pageBytes - page.count) == 0 { break }
        }
        page += [UInt8](repeating: 0, count: pageBytes - page.count)
        return page
    }
}

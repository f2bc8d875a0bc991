import Core
import Snapshots
import SystemSupport

/// Days of aggregates that are sent together.
package struct DayBatch: Sendable {
    /// The lines of a day, and the transfer that the ledger records for them.
    package struct Day: Sendable {
        package let transfer: Transfer
        package let lines: [UInt8]

        /// The lines as an LZ4 frame, which is the content of the day's file.
        package var frame: [UInt8] { get throws { try lines.lz4Frame() } }

        /// The day's number since 1970, UTC.
        package var day: Int64 { transfer.range.lowerBound }
    }

    package var days: [Day] = []

    package init() {}

    /// The length of the lines of all days, in bytes.
    package var bytes: Int { days.reduce(0) { $0 + $1.lines.count } }
}

/// A destination that receives days of aggregates. Failures are thrown as a `RetryPolicy.Failure`.
package protocol DayTarget: Sendable {
    /// Checks or creates the destination; called before the first batch.
    func prepare() async throws

    /// Delivers days. When this method returns, the destination has stored each day permanently, in place of all lower
    /// versions of the day. Days that the destination already has count as delivered.
    func deliver(_ batch: DayBatch) async throws
}

/// A folder, for example on a USB stick or a share, with one file for each day. A new version of a day replaces the
/// file as a whole.
actor FolderDayTarget: DayTarget {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let folder: Folder

    init(_ folder: Folder) {
        self.folder = folder
    }

    /// Returns the name of a day's file. It does not contain the version, so that a folder contains each day only once.
    static func name(source: String, day: Int64) -> String { "nexus-daily-\(source)-\(DailyLines.date(day)).tsv.lz4" }

    func prepare() async throws { try await FolderTarget(folder).prepare() }

    func deliver(_ batch: DayBatch) throws {
        do {
            let scratch = try ScratchFolder(in: folder)
            for day in batch.days {
                try Task.checkCancellation()
                let name = Self.name(source: day.transfer.installation, day: day.day)
                let frame = try day.frame
                let copy = try File(opening: scratch.path(of: name), [.write, .create, .exclusive])
                try copy.write(frame.span)
                try copy.synchronizeData()
                try folder.take(name, from: scratch.folder, as: name)
            }
            try folder.synchronize()
        } catch let error as SystemError {
            throw RetryPolicy.Failure.lasting(.inputOutput(error))
        }
    }
}

import Core
import Database
import SystemSupport

/// The content of a new snapshot, in chunks. It is read from the database or from a copy of the database.
struct SnapshotContent {
    /// The number of bytes in a chunk: four blocks of the frame. With chunks of this size, the cost of passing a chunk
    /// to another thread is negligible.
    private static let chunkBytes = 4 * LZ4FrameEncoder.blockBytes
    /// The number of rows that are converted to text at once: some MiB of text.
    private static let rowsAtOnce = 4 * 1024

    private enum Source {
        case direct(DirectSnapshot)
        case file(FileReader)
        case rows(SnapshotRows, after: Int64, isCSV: Bool)
        case finished
    }

    private var source: Source
    /// The total number of bytes; for a text, the total number of rows.
    let total: Int
    /// The number of bytes or rows that `next` has returned so far.
    private(set) var done = 0

    /// Reads the content from a direct snapshot of the database.
    init(_ snapshot: DirectSnapshot) {
        total = snapshot.bytes
        source = .direct(snapshot)
    }

    /// Reads the content from the copy of the database at `path`. `events` is the number of events in the copy; the
    /// format `sqlite` does not need this number.
    init(_ format: SnapshotFormat, path: String, events: Int) throws {
        switch format {
        case .sqlite:
            let reader = try FileReader(path)
            total = reader.size
            source = .file(reader)
        case .ndjson, .csv:
            total = events
            source = .rows(try SnapshotRows(path: path), after: .min, isCSV: format == .csv)
        }
    }

    /// Returns the next chunk; nil at the end.
    mutating func next() throws -> [UInt8]? {
        switch source {
        case .direct(let snapshot):
            let chunk = try snapshot.read(Self.chunkBytes)
            done += chunk?.count ?? 0
            return chunk
        case .file(let reader):
            let chunk = try reader.read(min(Self.chunkBytes, total - done))
            done += chunk.count
            return chunk.isEmpty ? nil : chunk
        case .rows(let rows, let last, let isCSV):
            var text = isCSV && last == .min ? RowTextEncoder.csvHeader : []
            var count = 0
            let reached = try rows.rows(after: last, limit: Self.rowsAtOnce) { row in
                count += 1
                if isCSV { RowTextEncoder.appendCSV(row, to: &text) } else { RowTextEncoder.appendJSON(row, to: &text) }
            }
            done += count
            source = reached.map { .rows(rows, after: $0, isCSV: isCSV) } ?? .finished
            return text.isEmpty ? nil : text
        case .finished: return nil
        }
    }

    /// A file that stays open between reads.
    private final class FileReader {
        private let file: File
        let size: Int

        init(_ path: String) throws(SystemError) {
            file = try File(opening: path, .read)
            size = try file.status().size
        }

        func read(_ count: Int) throws(SystemError) -> [UInt8] { try file.read(count) }
    }
}

import EventModel
import Platform
import Store

/// The content of a snapshot, piece by piece, from the database or from the copy that was taken of it.
struct SnapshotContent {
    /// What is read at once, in bytes: a block of the frame.
    private static let chunkBytes = LZ4Frame.blockBytes
    /// Rows that are written as text at once: some MiB.
    private static let rowsAtOnce = 4 * 1024

    private enum Source {
        case pages(PinnedSnapshot)
        case file(FileReader)
        case rows(SnapshotRows, after: Int64, isCSV: Bool)
        case finished
    }

    private var source: Source
    /// Bytes, or rows, there are in all; and how many have been handed out.
    let total: Int
    private(set) var done = 0

    /// The pages of a database that is written while they are read.
    init(_ pages: PinnedSnapshot) {
        total = pages.bytes
        source = .pages(pages)
    }

    /// `path` is the copy; `events` its number of rows.
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

    /// The next piece; nil at the end.
    mutating func next() throws -> [UInt8]? {
        switch source {
        case .pages(let pages):
            let chunk = try pages.read(Self.chunkBytes)
            done += chunk?.count ?? 0
            return chunk
        case .file(let reader):
            let chunk = try reader.read(min(Self.chunkBytes, total - done))
            done += chunk.count
            return chunk.isEmpty ? nil : chunk
        case .rows(let rows, let last, let isCSV):
            var text = isCSV && last == .min ? EventText.csvHeader : []
            var count = 0
            let reached = try rows.rows(after: last, limit: Self.rowsAtOnce) { row in
                count += 1
                if isCSV { EventText.appendCSV(row, to: &text) } else { EventText.appendJSON(row, to: &text) }
            }
            done += count
            source = reached.map { .rows(rows, after: $0, isCSV: isCSV) } ?? .finished
            return text.isEmpty ? nil : text
        case .finished: return nil
        }
    }

    /// A file that is kept open.
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

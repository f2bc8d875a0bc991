import Core
import Intake
import Recording
import SystemSupport
import WriteAheadBuffer

/// Imports lines from a plain file at the pipe's path. While no service runs, `printf … >pipe` in a script creates such
/// a file. The script gets no error, so its lines must be recorded.
struct PipeFileImport: ~Copyable {
    private let file: File

    /// Opens the file at the path. Nil if there is no plain file.
    /// - Throws: an error if a plain file cannot be opened. Its lines are not imported yet, so it must not be removed.
    init?(at path: String) throws(SystemError) {
        guard FileStatus(of: path)?.kind == .file else { return nil }
        // Another program may have put a pipe in place of the file. Without `.nonBlocking`, opening it would block.
        let file = try File(opening: path, [.read, .nonBlocking])
        guard try file.status().isRegular else { return nil }
        self.file = file
    }

    /// Appends the events to the buffer and returns the number of rejected lines. The caller removes the file. If the
    /// process is killed before the removal, the next start imports the lines a second time. Duplicates are allowed
    /// here, because no process has acknowledged these lines.
    func take(through intake: EventIntake, into buffer: WriteAheadBuffer) throws -> Int {
        var lines = NDJSONInput(intake: intake)
        let appender = SegmentAppender(buffer: buffer)
        var rejected = 0
        var isAtEnd = false
        while !isAtEnd {
            var bytes = 0
            let chunk = try lines.take { (room) throws(SystemError) in
                bytes = try file.read(appendingTo: &room, limit: Limits.inputChunkBytes)
            }
            isAtEnd = bytes == 0
            rejected += chunk.rejected.count
            try append(chunk, with: appender)
        }
        let last = lines.take(atEnd: true) { _ in }
        try append(last, with: appender)
        return rejected + last.rejected.count
    }

    private func append(_ chunk: NDJSONReader.Chunk, with appender: SegmentAppender) throws(BufferError) {
        guard !chunk.batch.isEmpty else { return }
        do throws(BufferError) { _ = try appender.append(chunk.batch.bytes.span) } catch  where error.isOff {
            // Recording is off: the lines are discarded.
        }
    }
}

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
    init?(at path: String) throws(SystemError) {
        let file: File
        do throws(SystemError) {
            // The path may be the pipe of a killed service. Without `.nonBlocking`, opening that pipe would block.
            file = try File(opening: path, [.read, .nonBlocking])
        } catch {
            // The path does not exist, or is a link or a socket. In each case there are no lines to import.
            return nil
        }
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

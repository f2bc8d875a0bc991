import Core
import Intake
import Recording
import SystemSupport
import WriteAheadBuffer

/// Imports lines from a plain file at the pipe's path. A shell creates one for `printf … >pipe` while no service runs, and its
/// script has every reason to assume that the lines were recorded.
struct PipeFileImport: ~Copyable {
    private let file: File

    /// Nil when there is no plain file of this user at the path.
    init?(at path: String) throws(SystemError) {
        let file: File
        do throws(SystemError) {
            // The path may be the pipe of a service that was killed, whose opening must not block.
            file = try File(opening: path, [.read, .nonBlocking])
        } catch {
            // The path does not exist, or is a link or a socket, which hold no lines.
            return nil
        }
        guard try file.status().isRegular else { return nil }
        self.file = file
    }

    /// Appends the events to the buffer; returns the number of rejected lines. The caller removes the file. If the process is
    /// killed before that, the next start imports the lines a second time. Unlike events that a recorder accepts, these were
    /// never acknowledged.
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

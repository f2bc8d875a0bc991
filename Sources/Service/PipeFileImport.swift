import Core
import Intake
import Recording
import SystemSupport
import WriteAheadBuffer

/// Lines in a plain file where the pipe belongs: a shell makes one of `printf … >pipe` while no service runs, and the
/// script that wrote it has every reason to think that it recorded something.
struct PipeFileImport: ~Copyable {
    private let file: File

    /// Nil when no plain file of this user's stands there.
    init?(at path: String) throws(SystemError) {
        let file: File
        do throws(SystemError) {
            // What stands there may as well be the pipe of a service that was killed, whose opening must not wait.
            file = try File(opening: path, [.read, .nonBlocking])
        } catch {
            // Nothing is there, or a link or a socket, which are nobody's lines.
            return nil
        }
        guard try file.status().isRegular else { return nil }
        self.file = file
    }

    /// Puts the events into the buffer; returns how many lines were not taken. The file is for the caller to remove. Where
    /// the process is killed in between, the next start takes the lines a second time: unlike what a recorder accepts,
    /// they were acknowledged to nobody.
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
            // Recording is off: what was to be recorded is not kept.
        }
    }
}

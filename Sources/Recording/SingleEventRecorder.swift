package import Core
package import Intake
package import SystemSupport
package import WriteAheadBuffer

/// Records a single event, or the lines of a stream, by appending to the buffer. It starts no other program and never
/// opens SQLite.
package struct SingleEventRecorder: Sendable {
    private let data: DataFolder
    private let naming: NamingSettings

    /// Creates a recorder. `naming` has the naming rules of the settings, which the caller has already read in order to
    /// check that recording is on.
    package init(data: DataFolder, naming: NamingSettings) {
        self.data = data
        self.naming = naming
    }

    /// Records an event. When the call returns, the event survives the end of any process. If `durable` is true, it
    /// also survives a power failure. A rejected event is counted before the error is thrown. An event that the
    /// settings ignore is counted too, but the call does not throw.
    ///
    /// - Returns: true if a drain is due because an older segment is waiting (see `WriteAheadBuffer`).
    @discardableResult
    package func record(_ parsed: ParsedEvent, durable: Bool) throws(RecordingError) -> Bool {
        let before = SystemClock.processorNanoseconds()
        let start = SystemClock.monotonicNanoseconds()
        // The cost is the processor time up to here plus the elapsed time from here on. Up to here the process has
        // hardly waited.
        defer { CostLog(data).note(nanoseconds: before + SystemClock.monotonicNanoseconds() - start) }
        return try append(parsed, durable: durable)
    }

    /// Records the event that flags describe.
    @discardableResult
    package func record(_ flags: EventFlags, durable: Bool) throws(RecordingError) -> Bool {
        let parsed: ParsedEvent
        do throws(SystemError) { parsed = try flags.parsed() } catch { throw .buffer(.system(error)) }
        return try record(parsed, durable: durable)
    }

    private func append(_ parsed: ParsedEvent, durable: Bool) throws(RecordingError) -> Bool {
        guard var intake = try intake() else { return false }
        var batch = RecordBatch()
        let result = Result { () throws(Rejection) in try intake.accept(parsed) { batch.append($0) } }
        if let rejections = intake.takeRejections() { batch.append(rejections.encoded().span) }
        if intake.hasEmptiedCommand { EmptiedCommandNotice.show() }
        return try append(batch, result, durable: durable)
    }

    /// Returns an intake; nil if recording is off. If the key is lost, the intake leaves names out.
    private func intake() throws(RecordingError) -> EventIntake? {
        let key: HashKey?
        do throws(HashKeyError) {
            key = try HashKey.load(from: data)
        } catch  where error.isOff {
            return nil
        } catch  where error.isLost {
            key = nil
        } catch {
            throw .key(error)
        }
        return EventIntake(key: key, session: SessionManager.sessionID(), naming: naming)
    }

    /// Records the NDJSON lines of `input` up to its end. Calls `report` with the number of each rejected line and the
    /// reason, except for lines that the settings ignore. Each batch of lines is in the buffer before the next batch is
    /// read.
    package func record(
        linesOf input: borrowing File, durable: Bool, report: (Int, Rejection) -> Void
    ) throws(RecordingError) -> Bool {
        guard var intake = try intake() else { return false }
        var source = NDJSONReader()
        var isDrainDue = false
        var isAtEnd = false
        var hasEmptiedCommand = false
        while !isAtEnd {
            var bytes: [UInt8] = []
            do throws(SystemError) {
                isAtEnd = try input.read(appendingTo: &bytes, limit: Limits.lineBytes) == 0
            } catch {
                throw .buffer(.system(error))
            }
            source.append(bytes)
            var chunk = NDJSONReader.Chunk()
            source.take(atEnd: isAtEnd, through: &intake, into: &chunk)
            for (line, rejection) in chunk.rejected where !rejection.isWanted { report(line, rejection) }
            hasEmptiedCommand = hasEmptiedCommand || chunk.hasEmptiedCommand
            guard !chunk.batch.isEmpty else { continue }
            if try append(chunk.batch, .success(()), durable: durable) { isDrainDue = true }
        }
        if hasEmptiedCommand { EmptiedCommandNotice.show() }
        return isDrainDue
    }

    private func append(
        _ batch: RecordBatch, _ result: Result<Void, Rejection>, durable: Bool
    ) throws(RecordingError) -> Bool {
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        let receipt: SegmentAppender.Receipt
        do throws(BufferError) {
            receipt = try SegmentAppender(buffer: buffer).append(batch.bytes.span, durable: durable)
        } catch  where error.isOff {
            // Recording was disabled concurrently: the result is as if it had been disabled before.
            return false
        } catch {
            throw .buffer(error)
        }
        do { try result.get() } catch  where error.isWanted {} catch { throw .rejected(error) }
        return buffer.isDrainDue(after: receipt)
    }
}

/// The notice that no word of a command was kept. This happens if the command begins with a flag, a quote or an
/// expansion.
package enum EmptiedCommandNotice {
    /// Prints the notice to standard error.
    package static func show() {
        try? File.standardError.write(
            "nexus: no name was kept: the command does not begin with a plain word; "
                + "'nexus telemetry explain' shows the rules\n")
    }
}

/// The reason why an event or a stream of lines was not recorded.
package enum RecordingError: ReportedError, Equatable {
    case key(HashKeyError)
    case settings(SettingsError)
    case buffer(BufferError)
    case rejected(Rejection)

    package var description: String {
        switch self {
        case .key(let error): error.description
        case .settings(let error): error.description
        case .buffer(let error): error.description
        case .rejected(let rejection): "event not recorded: \(rejection.message)"
        }
    }

    /// The exit code from sysexits.h. An unwritable path counts as an I/O error, because a script that records events
    /// should treat it like a full disk.
    package var exitCode: ExitCode {
        if let systemError, systemError.isUnwritable { return .inputOutput }
        return switch self {
        case .key(let error): error.exitCode
        case .settings(let error): error.exitCode
        case .buffer(let error): error.exitCode
        case .rejected: .rejectedInput
        }
    }

    private var systemError: SystemError? {
        switch self {
        case .key(.system(let error)), .key(.settings(.system(let error))), .settings(.system(let error)),
            .buffer(.system(let error)), .buffer(.settings(.system(let error))):
            error
        case .key, .settings, .buffer, .rejected: nil
        }
    }
}

/// Starts a detached `nexus flush`, so that a recorder need not drain a large backlog itself.
package enum DetachedDrain {
    /// Starts the program `nexus` in this program's folder, or else the program `nexus` on the `PATH`. The recorder
    /// does not fail if there is no such program, or if another process is already draining.
    package static func start() {
        _ = try? ChildProcess(detached: [RawArgument(program), RawArgument("flush")])
    }

    private static var program: String {
        guard let folder = ExecutablePath.current.map({ Folder($0).parent }), folder.has("nexus") else {
            return "nexus"
        }
        return folder.path(of: "nexus")
    }
}

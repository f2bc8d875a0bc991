import EventModel
import Intake
import Pipeline
import Platform
import ServiceLifecycle
import WriteAheadBuffer

/// Takes lines that scripts write into the named pipe with a plain `printf`. It acknowledges nothing: what stands in the
/// pipe when the service is killed is gone.
///
/// Its thread is also the one that notices what other processes append to the buffer: it waits for either, so that
/// nothing of an idle service moves.
struct PipeServer: Service {
    private let path: String
    private let intake: StreamIntake
    private let batcher: EventBatcher
    private let drain: DrainService

    init(
        path: String, pipe: consuming File, intake: EventIntake, batcher: EventBatcher, watch: consuming FolderWatch,
        drain: DrainService
    ) {
        self.path = path
        self.intake = StreamIntake(input: pipe, watch: watch, intake: intake)
        self.batcher = batcher
        self.drain = drain
    }

    func run() async throws {
        try await withGracefulShutdownHandler {
            // What may stand in the pipe when the service is asked to stop is still taken.
            var rest = Limits.pipeBytes
            var isLast = false
            while !isLast {
                let isStopping = Task.isShuttingDownGracefully
                if isStopping { wakeReader() }
                if let step = try await intake.nextOrChange() {
                    if isStopping {
                        rest -= step.bytes
                        // A read that was not filled has emptied the pipe.
                        isLast = step.bytes < Limits.inputChunkBytes || rest <= 0
                    }
                    // What comes while recording is off is thrown away.
                    guard try await batcher.record(step.chunk.batch) else { continue }
                }
                drain.wake()
            }
        } onGracefulShutdown: {
            wakeReader()
        }
    }

    /// The read that waits for input gets some: an empty line, which is no event.
    private func wakeReader() {
        // A pipe that is full has input.
        _ = NamedPipe.offer("\n", to: path)
    }
}

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
            var isStopping = false
            while !isStopping {
                let step = try await intake.nextOrChange()
                // Asked before the batch is written, so that what came before the stop is still taken.
                isStopping = Task.isShuttingDownGracefully
                if let step {
                    try await batcher.add(step.chunk.batch)
                    try await batcher.flush()
                }
                drain.wake()
            }
        } onGracefulShutdown: {
            // The read that waits for input gets some: an empty line, which is no event.
            _ = NamedPipe.offer("\n", to: path)
        }
    }
}

import EventModel
import Intake
import Pipeline
import Platform
import ServiceLifecycle

/// Takes lines that scripts write into the named pipe with a plain `printf`. It acknowledges nothing: what stands in the
/// pipe when the service is killed is gone.
struct PipeServer: Service {
    private let path: String
    private let intake: StreamIntake
    private let batcher: EventBatcher
    private let drain: DrainService

    init(path: String, pipe: consuming File, intake: EventIntake, batcher: EventBatcher, drain: DrainService) {
        self.path = path
        self.intake = StreamIntake(input: pipe, signals: nil, intake: intake)
        self.batcher = batcher
        self.drain = drain
    }

    func run() async throws {
        try await withGracefulShutdownHandler {
            var isStopping = false
            while !isStopping {
                let step = try await intake.next()
                // Read before the batch is written, so that what came before the stop is still taken.
                isStopping = Task.isShuttingDownGracefully
                try await batcher.add(step.chunk.batch)
                try await batcher.flush()
                drain.wake()
            }
        } onGracefulShutdown: {
            // The read that waits for input gets some: an empty line, which is no event.
            _ = NamedPipe.offer("\n", to: path)
        }
    }
}

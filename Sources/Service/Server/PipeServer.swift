import EventModel
import Intake
import Pipeline
import Platform
import ServiceLifecycle
import WriteAheadBuffer

/// Takes lines that scripts write into the named pipe with a plain `printf`. It acknowledges nothing: what stands in the
/// pipe when the service is killed is gone.
///
/// While nothing comes, its thread is the one that looks every second whether other processes have appended to the
/// buffer: the only thing that moves in an idle service.
struct PipeServer: Service {
    private static let lookInterval: Duration = .seconds(1)

    private let path: String
    private let intake: StreamIntake
    private let batcher: EventBatcher
    private let watch: BufferWatch
    private let drain: DrainService

    init(
        path: String, pipe: consuming File, intake: EventIntake, batcher: EventBatcher, watch: BufferWatch,
        drain: DrainService
    ) {
        self.path = path
        self.intake = StreamIntake(input: pipe, signals: nil, intake: intake)
        self.batcher = batcher
        self.watch = watch
        self.drain = drain
    }

    func run() async throws {
        try await withGracefulShutdownHandler {
            var isStopping = false
            while !isStopping {
                let step = try await intake.next(lookingEvery: Self.lookInterval) { watch.hasGrown() }
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

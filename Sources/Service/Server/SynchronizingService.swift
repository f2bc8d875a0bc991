import Logging
import ServiceLifecycle
import SystemSupport
import WriteAheadBuffer

/// Puts on disk what the service and others append, as long as the service lives.
struct SynchronizingService: Service {
    let synchronizer: SegmentSynchronizer
    let logger: Logger

    func run() async {
        let logger = logger
        await cancelWhenGracefulShutdown {
            await synchronizer.run { error in
                logger.error(
                    "\(error.description.escapedForDisplay): a power cut may take what was accepted and not stored yet")
            }
        }
    }
}

import Logging
import ServiceLifecycle
import SystemSupport
import WriteAheadBuffer

/// Puts on disk what the service and others append, as long as the service lives.
struct SegmentFlushService: Service {
    let flusher: SegmentFlusher
    let logger: Logger

    func run() async {
        let logger = logger
        await cancelWhenGracefulShutdown {
            await flusher.run { error in
                logger.error(
                    "\(error.description.escapedForDisplay): a power cut may take what was accepted and not stored yet")
            }
        }
    }
}

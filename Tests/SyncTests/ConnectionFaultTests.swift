import AsyncHTTPClient
import Core
import NIOCore
import TestSupport
import Testing

@testable import Sync

@Suite("Faults of a connection")
struct ConnectionFaultTests {
    private func attempts(_ error: any Error) -> Int {
        let failure = ConnectionFault.failure(error, place: "https://there", proxy: nil)
        var policy = RetryPolicy()
        var random = SeededGenerator(seed: 1)
        var attempts = 1
        while case .wait = policy.decide(after: failure, using: &random) { attempts += 1 }
        return attempts
    }

    @Test("A connection that times out is tried twice, any other fault as often as usual")
    func timeouts() {
        #expect(attempts(HTTPClientError.tlsHandshakeTimeout) == Limits.syncConnectAttempts)
        #expect(attempts(HTTPClientError.connectTimeout) == Limits.syncConnectAttempts)
        #expect(attempts(ChannelError.connectTimeout(.seconds(10))) == Limits.syncConnectAttempts)
        #expect(attempts(ChannelError.eof) == Limits.syncAttempts)
        #expect(attempts(HTTPClientError.remoteConnectionClosed) == Limits.syncAttempts)
    }

    @Test("A handshake that does not end is reported with what to do")
    func handshake() {
        let failure = ConnectionFault.failure(
            HTTPClientError.tlsHandshakeTimeout, place: "https://there", proxy: nil)
        #expect(
            failure.error.description
                == "cannot reach https://there: it did not finish the TLS handshake within 10 seconds; check the port and the "
                + "scheme")
    }
}

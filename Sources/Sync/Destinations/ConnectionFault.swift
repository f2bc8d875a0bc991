import AsyncHTTPClient
import Core
import NIOCore
import NIOPosix
import NIOSSL
import SystemSupport

/// Converts errors of the network libraries to failures of a transfer. Such a failure contains a sentence without
/// library internals, and states whether another attempt may succeed.
enum ConnectionFault {
    /// - Parameters:
    ///   - place: the server's name in messages.
    ///   - proxy: the proxy's name in messages; nil for a direct connection.
    static func failure(_ error: any Error, place: String, proxy: String?) -> RetryPolicy.Failure {
        if let reason = trustProblem(error) { return .lasting(.untrusted(place, reason: reason)) }
        switch error {
        case let error as TransferDeadline.Exceeded:
            let seconds = max(1, Int(error.limit / .seconds(1)))
            return .lasting(.busy(place, reason: "the request took longer than \(seconds) seconds"))
        case let error as HTTPClientError where error == .proxyAuthenticationRequired:
            return .lasting(.proxyNotPermitted(proxy ?? place))
        default:
            let way = proxy.map { " (through the proxy \($0))" } ?? ""
            let failure = SyncError.unreachable(place, reason: reason(error) + way)
            return isTimeout(error) ? .noConnectionInTime(failure) : .passing(failure)
        }
    }

    /// Returns whether connecting, TLS handshake included, took longer than `Limits.syncConnectSeconds`.
    private static func isTimeout(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: [.connectTimeout, .tlsHandshakeTimeout].contains(error)
        case let error as NIOConnectionError: error.connectionErrors.contains { isTimeout($0.error) }
        case ChannelError.connectTimeout: true
        default: false
        }
    }

    /// Returns the reason why the server's identity cannot be established; nil for any other error. If there is such a
    /// reason, another attempt would fail too.
    private static func trustProblem(_ error: any Error) -> String? {
        switch error {
        case let error as NIOConnectionError:
            return error.connectionErrors.lazy.compactMap { trustProblem($0.error) }.first
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "its certificate is for another host name; correct the host name"
        case NIOSSLError.handshakeFailed(let cause):
            // The library states the cause only as a text. The text names source files of the build machine, so it is
            // not shown.
            let text = String(describing: cause)
            if text.contains("CERTIFICATE_VERIFY_FAILED") {
                return "its certificate is not trusted; set SSL_CERT_FILE to a PEM file with its issuer's certificate"
            }
            if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
                return "it does not use TLS on this port; check the port and the scheme"
            }
            // If the text has no error of the TLS library, the connection ended during the handshake.
            guard text.contains("OPENSSL_internal") else { return nil }
            return "no TLS connection is possible with it; check its TLS settings"
        default: return nil
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .connectTimeout: "it does not answer"
        case let error as HTTPClientError where error == .tlsHandshakeTimeout:
            "it did not finish the TLS handshake within \(Limits.syncConnectSeconds) seconds; check the port and the scheme"
        case let error as HTTPClientError: error.shortDescription.lowercased()
        case let error as IOError: SystemError("", "", code: error.errnoCode).reason
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason($0.error) } ?? "unknown host \(error.host)"
        case ChannelError.connectTimeout: "it does not answer"
        case is ChannelError: "the connection was cut"
        case is NIOSSLError: "the connection was cut during the TLS handshake"
        case let error as SystemError: error.reason
        default: "the connection failed"
        }
    }
}

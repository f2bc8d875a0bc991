/// The meaning of an HTTP response for a transfer. Callers themselves interpret the few statuses that their requests
/// expect, for example 412 after a conditional request.
///
/// The meanings of 409, 423 and 507 come from WebDAV (RFC 4918), and those of 429 and 511 from RFC 6585. Most other
/// meanings come from RFC 9110.
package enum ResponseClass: Equatable, Sendable {
    /// The server has the data and keeps it.
    case success
    /// Another attempt gives the same response.
    case final(Cause)
    /// Another attempt may succeed.
    case passing

    /// The reason why a response is final.
    package enum Cause: Equatable, Sendable {
        /// The response neither confirms nor rejects the data. For example, 202 only promises that the server stores
        /// the data later.
        case unconfirmed
        /// A redirection. Redirections are not followed, because the user decides where data and passwords are sent.
        case redirected
        /// The user is unknown, or the permission is missing.
        case notPermitted
        /// A proxy requires a user name and a password.
        case proxyNotPermitted
        /// The folder does not exist.
        case missing
        /// The data is larger than the server accepts.
        case tooLarge
        /// The server does not implement the request.
        case unsupported
        /// The network requires a login on a web page first.
        case networkLogin
        /// Any other rejection.
        case rejected
    }

    /// S3 error codes that ask for another attempt. Some of these codes come with a status that otherwise means a final
    /// response.
    private static let passingCodes: Set<String> = [
        "ConditionalRequestConflict", "InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable",
        "SlowDown",
    ]

    /// Classifies a response by its status and by the error code in its body, if there is one (`ServerReason.code`).
    package init(status: Int, code: String? = nil) {
        if status >= 400, let code, Self.passingCodes.contains(code) {
            self = .passing
            return
        }
        self =
            switch status {
            case 200, 201, 203, 204, 205: .success
            case 301, 302, 303, 307, 308: .final(.redirected)
            case 401, 403: .final(.notPermitted)
            case 404, 409, 410: .final(.missing)
            case 407: .final(.proxyNotPermitted)
            case 408, 421, 423, 425, 429: .passing
            case 413: .final(.tooLarge)
            case 501, 505, 506, 508, 510: .final(.unsupported)
            case 511: .final(.networkLogin)
            case 400..<500: .final(.rejected)
            case 500...: .passing
            default: .final(.unconfirmed)
            }
    }
}

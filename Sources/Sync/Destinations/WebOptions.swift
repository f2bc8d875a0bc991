import Core
import NIOSSL
import SystemSupport

/// What the environment says about connections to a server, and how long a request may take.
struct WebOptions: Sendable {
    let proxy: ProxySettings?
    /// The certificates that are trusted in place of the system's; nil for the system's.
    let certificates: [NIOSSLCertificate]?
    let deadline: TransferDeadline

    /// Reads the proxy variables, and for an encrypted connection the certificates of `SSL_CERT_FILE`.
    static func load(
        for address: Destination.WebAddress, deadline: TransferDeadline,
        environment: (String) -> String? = Environment.value
    ) throws(SyncError) -> WebOptions {
        let proxy = try ProxySettings.load(for: address, environment: environment)
        let path = address.isEncrypted ? environment("SSL_CERT_FILE") ?? "" : ""
        return WebOptions(
            proxy: proxy, certificates: path.isEmpty ? nil : try certificates(of: path), deadline: deadline)
    }

    private static func certificates(of path: String) throws(SyncError) -> [NIOSSLCertificate] {
        var bytes: [UInt8] = []
        do throws(SystemError) {
            // A pipe under the name must not be waited for.
            let file = try File(opening: path, [.read, .nonBlocking, .followingLinks])
            guard try file.status().isRegular else { throw SystemError.notAFile(path) }
            while try file.read(appendingTo: &bytes, limit: Limits.inputChunkBytes) > 0,
                bytes.count <= Limits.certificateFileBytes
            {}
        } catch {
            throw .badCertificates(path, reason: "\(error.reason); name a readable PEM file, or unset the variable")
        }
        guard bytes.count <= Limits.certificateFileBytes, let found = try? NIOSSLCertificate.fromPEMBytes(bytes),
            !found.isEmpty
        else {
            throw .badCertificates(path, reason: "it holds no certificates; name a PEM file, or unset the variable")
        }
        return found
    }
}

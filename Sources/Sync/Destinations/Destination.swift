import Core
import Foundation
package import SystemSupport

/// A destination for rows or aggregates, parsed from a URL.
///
///     file:///FOLDER                       a folder; it receives files
///     https://HOST[:PORT]/PATH             a server that accepts PUT; it receives the same files
///     http://HOST[:PORT]/PATH              the same server without TLS
///     clickhouse://HOST[:PORT]/DATABASE    the HTTP interface of ClickHouse; it receives rows or lines of aggregates
///     clickhouses://HOST[:PORT]/DATABASE   the HTTP interface of ClickHouse with TLS
///
/// Host names and default ports are normalized, so that the same destination always has the same text (`identity`). The
/// ledger identifies a destination by this text.
package enum Destination: Equatable, Sendable {
    case folder(Folder)
    case server(WebAddress)
    case clickHouse(WebAddress, database: Identifier)

    /// The scheme, the host and the port of a server, and a path on the server.
    package struct WebAddress: Equatable, Sendable {
        package let isEncrypted: Bool
        /// The host in lower case. An IPv6 address has its brackets.
        package let host: String
        package let port: Int
        /// The percent-encoded path, without a slash at the end; empty for the root.
        package let path: String

        /// Whether the connection never leaves this machine.
        package var isLocal: Bool {
            host == "localhost" || host == "[::1]" || (host.hasPrefix("127.") && host.split(separator: ".").count == 4)
        }

        /// Returns the URL for an HTTP client, with `rest` after the path.
        func url(_ rest: String = "") -> String { "\(isEncrypted ? "https" : "http")://\(host):\(port)\(path)\(rest)" }
    }

    /// A ClickHouse name that needs no quotes, so it can be inserted into a statement.
    package struct Identifier: Equatable, Sendable {
        package let text: String

        /// Nil unless the text is a letter or underscore, followed by letters, digits and underscores: at most 64 ASCII
        /// characters.
        package init?(_ text: String) {
            let bytes = Array(text.utf8)
            guard (1...Limits.identifierBytes).contains(bytes.count), !(0x30...0x39).contains(bytes[0]),
                bytes.allSatisfy({ byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                        || byte == UInt8(ascii: "_")
                })
            else { return nil }
            self.text = text
        }
    }

    /// The default ports of ClickHouse's HTTP interface.
    private static let clickHousePort = (plain: 8123, encrypted: 8443)

    /// Parses a URL; throws `SyncError.badDestination` with the problem.
    package init(_ text: String) throws(SyncError) {
        guard text.utf8.count <= Limits.destinationBytes else { throw .badDestination("it is too long") }
        guard !text.hasPrefix("/") else {
            throw .badDestination("a folder must be given as file://\(text.escapedForDisplay)")
        }
        guard !text.unicodeScalars.contains(where: \.isInvisible),
            let parts = URLComponents(string: Self.encoded(text)),
            let scheme = parts.scheme?.lowercased()
        else {
            throw .badDestination("it is not a URL")
        }
        guard parts.user == nil, parts.password == nil else {
            throw .badDestination(
                "a URL must not contain a user name or a password; set NEXUS_SYNC_USER and NEXUS_SYNC_PASSWORD, "
                    + "or give a file with --credentials")
        }
        guard parts.query == nil, parts.fragment == nil else {
            throw .badDestination("a URL must not contain '?' or '#'")
        }
        switch scheme {
        case "file": self = .folder(try Self.folder(parts))
        case "http", "https":
            let isEncrypted = scheme == "https"
            self = .server(try Self.address(parts, isEncrypted, port: isEncrypted ? 443 : 80))
        case "clickhouse", "clickhouses":
            let isEncrypted = scheme == "clickhouses"
            let port = isEncrypted ? Self.clickHousePort.encrypted : Self.clickHousePort.plain
            let address = try Self.address(parts, isEncrypted, port: port)
            guard let database = Identifier(String(address.path.dropFirst())) else {
                throw .badDestination(
                    "the host must be followed by the name of a database: letters, digits and underscores, 64 at most")
            }
            self = .clickHouse(
                WebAddress(isEncrypted: isEncrypted, host: address.host, port: address.port, path: ""),
                database: database)
        default:
            throw .badDestination("it must be file:///FOLDER, https://…, http://… or clickhouse://HOST:PORT/DATABASE")
        }
    }

    /// Returns whether a text is a URL or a path, and not a name. A name contains neither ':' nor '/'.
    package static func isAddress(_ text: String) -> Bool { text.contains { $0 == ":" || $0 == "/" } }

    /// Percent-encodes blanks and non-ASCII characters after the scheme and the host. Existing percent codes remain.
    /// The host is not encoded here, because hosts have a different encoding (IDNA).
    private static func encoded(_ text: String) -> String {
        let start = text.firstRange(of: "://")?.upperBound ?? text.startIndex
        let path = text[start...].firstIndex(of: "/") ?? text.endIndex
        let rest = text[path...].utf8.map { byte in
            (0x21...0x7E).contains(byte) ? String(UnicodeScalar(byte)) : "%" + String(format: "%02X", byte)
        }
        return text[..<path] + rest.joined()
    }

    /// The normalized text of the destination: equal destinations have equal texts.
    package var identity: String {
        switch self {
        case .folder(let folder): URL(filePath: folder.path, directoryHint: .notDirectory).absoluteString
        case .server(let address): address.url()
        case .clickHouse(let address, let database):
            "\(address.isEncrypted ? "clickhouses" : "clickhouse")://\(address.host):\(address.port)/\(database.text)"
        }
    }

    /// The address of the server; nil for a folder.
    package var address: WebAddress? {
        switch self {
        case .folder: nil
        case .server(let address), .clickHouse(let address, _): address
        }
    }

    private static func folder(_ parts: URLComponents) throws(SyncError) -> Folder {
        guard parts.host == nil || parts.host == "" || parts.host == "localhost" else {
            throw .badDestination("a file URL has no host: file:///FOLDER")
        }
        var path = parts.path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard path.hasPrefix("/"), path.count > 1, !path.utf8.contains(0),
            !path.split(separator: "/").contains(where: { $0 == ".." || $0 == "." })
        else {
            throw .badDestination("it must be an absolute folder such as file:///FOLDER, without '..'")
        }
        return Folder(path)
    }

    private static func address(
        _ parts: URLComponents, _ isEncrypted: Bool, port: Int
    ) throws(SyncError) -> WebAddress {
        guard let host = parts.encodedHost?.lowercased(), !host.isEmpty else { throw .badDestination("it has no host") }
        guard (1...65_535).contains(parts.port ?? port) else {
            throw .badDestination("its port must be from 1 to 65535")
        }
        var path = parts.percentEncodedPath
        while path.hasSuffix("/") { path.removeLast() }
        return WebAddress(isEncrypted: isEncrypted, host: host, port: parts.port ?? port, path: path)
    }
}

import AsyncHTTPClient
import Foundation
import SystemSupport

/// The proxy for a server. It comes from the environment variables `http_proxy`, `https_proxy` and `no_proxy`, or from
/// the same names in upper case. Connections to servers on this machine never use a proxy.
package struct ProxySettings: Equatable, Sendable {
    let isSocks: Bool
    let host: String
    let port: Int
    let credentials: Credentials?

    /// The proxy's name in messages, without user name and password.
    package var place: String { "\(isSocks ? "socks5" : "http")://\(host):\(port)" }

    /// Returns the proxy for a server; nil for a direct connection.
    /// - Throws: `SyncError.badProxy` if the variable's value cannot be used. `SyncError.badCredentials` if the user
    ///   name or the password in the value cannot be used.
    package static func load(
        for address: Destination.WebAddress, environment: (String) -> String? = Environment.value
    ) throws(SyncError) -> ProxySettings? {
        func value(_ name: String) -> (name: String, text: String)? {
            if let text = environment(name) { return (name, text) }
            let upper = name.uppercased()
            // In a CGI program, HTTP_PROXY may be the "Proxy" header of a request (CVE-2016-5385), so it is ignored
            // there.
            if upper == "HTTP_PROXY", environment("REQUEST_METHOD") != nil { return nil }
            return environment(upper).map { (upper, $0) }
        }
        guard !address.isLocal, let (name, text) = value(address.isEncrypted ? "https_proxy" : "http_proxy"),
            !text.isEmpty, !isExempt(address, by: value("no_proxy")?.text ?? "")
        else { return nil }
        return try ProxySettings(text, variable: name)
    }

    /// Parses `[http://][USER:PASSWORD@]HOST[:PORT]` or `socks5://HOST[:PORT]`.
    private init(_ text: String, variable: String) throws(SyncError) {
        guard let parts = URLComponents(string: text.contains("://") ? text : "http://" + text),
            let scheme = parts.scheme?.lowercased(), let host = parts.encodedHost, !host.isEmpty,
            (1...65_535).contains(parts.port ?? 80)
        else {
            throw .badProxy(variable, reason: "it is not a URL such as http://HOST:PORT")
        }
        switch scheme {
        case "http": isSocks = false
        case "socks5", "socks5h": isSocks = true
        default: throw .badProxy(variable, reason: "only http:// and socks5:// proxies are supported")
        }
        // The HTTP client expects an IPv6 address without brackets.
        self.host = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        port = parts.port ?? (isSocks ? 1080 : 80)
        guard let user = parts.user, !user.isEmpty else {
            credentials = nil
            return
        }
        guard !isSocks else {
            throw .badProxy(variable, reason: "a socks5:// proxy with a user name is not supported")
        }
        credentials = try Credentials(user: user, password: parts.password ?? "")
    }

    /// Returns whether a list such as `example.com,.internal,10.0.0.1:8123,*` names the server. A name includes its
    /// subdomains.
    private static func isExempt(_ address: Destination.WebAddress, by list: String) -> Bool {
        list.split { $0 == "," || $0.isWhitespace }.contains { item in
            var name = item.lowercased()
            if name == "*" { return true }
            if let colon = name.lastIndex(of: ":"), let port = Int(name[name.index(after: colon)...]),
                name.hasPrefix("[") ? name[..<colon].hasSuffix("]") : name.firstIndex(of: ":") == colon
            {
                guard port == address.port else { return false }
                name = String(name[..<colon])
            }
            let host = address.host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
            name = name.trimmingCharacters(in: CharacterSet(charactersIn: "[]*."))
            return !name.isEmpty && (host == name || host.hasSuffix("." + name))
        }
    }

    /// The HTTP client's form of the settings.
    var configuration: HTTPClient.Configuration.Proxy {
        if isSocks { return .socksServer(host: host, port: port) }
        let authorization = credentials.map {
            HTTPClient.Authorization.basic(username: $0.user, password: $0.password)
        }
        return .server(host: host, port: port, authorization: authorization)
    }
}

import Sync
import Testing

@Suite("Proxy variables")
struct ProxySettingsTests {
    private func proxy(_ url: String, _ variables: [String: String]) throws -> String? {
        guard let address = try Destination(url).address else { return nil }
        return try ProxySettings.load(for: address) { variables[$0] }?.place
    }

    @Test("The variable of the scheme counts, the lower-case one first, and an empty one is a direct connection")
    func variables() throws {
        let both = ["http_proxy": "http://plain:3128", "https_proxy": "encrypted"]
        #expect(try proxy("http://files.example/x", both) == "http://plain:3128")
        #expect(try proxy("clickhouse://db.example/x", both) == "http://plain:3128")
        #expect(try proxy("https://files.example/x", both) == "http://encrypted:80")
        #expect(try proxy("clickhouses://db.example/x", both) == "http://encrypted:80")
        #expect(try proxy("http://h/", ["HTTP_PROXY": "upper:1", "http_proxy": "lower:2"]) == "http://lower:2")
        #expect(try proxy("http://h/", ["HTTP_PROXY": "upper:1"]) == "http://upper:1")
        #expect(try proxy("https://h/", ["HTTPS_PROXY": "upper:1"]) == "http://upper:1")
        #expect(try proxy("http://h/", ["HTTP_PROXY": "upper:1", "http_proxy": ""]) == nil)
        #expect(try proxy("http://h/", [:]) == nil)
        #expect(try proxy("http://h/", ["HTTP_PROXY": "upper:1", "REQUEST_METHOD": "GET"]) == nil)
        #expect(try proxy("http://h/", ["http_proxy": "socks5h://gate"]) == "socks5://gate:1080")
    }

    @Test("A server on this machine uses no proxy", arguments: ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"])
    func local(host: String) throws {
        #expect(try proxy("http://\(host):8123/x", ["http_proxy": "gate:1"]) == nil)
    }

    @Test(
        "The list of exceptions names hosts, domains and ports",
        arguments: [
            ("*", true), ("example.com", true), (".example.com", true), ("*.example.com", true), ("EXAMPLE.com", true),
            ("a,files.example.com", true), ("a files.example.com", true), ("files.example.com:80", true),
            ("files.example.com:81", false), ("le.com", false), ("other.example.com", false), ("", false), (".", false),
        ])
    func exceptions(list: String, isDirect: Bool) throws {
        for name in ["no_proxy", "NO_PROXY"] {
            let variables = ["http_proxy": "gate:1", name: list]
            #expect((try proxy("http://files.example.com/x", variables) == nil) == isDirect)
        }
        let variables = ["http_proxy": "gate:1", "no_proxy": "10.0.0.1,[fe80::1]:90"]
        #expect(try proxy("http://10.0.0.1/x", variables) == nil)
        #expect(try proxy("http://[fe80::1]:90/x", variables) == nil)
        #expect(try proxy("http://[fe80::1]:91/x", variables) != nil)
    }

    @Test(
        "A proxy that cannot be used is an error, and its password is not repeated",
        arguments: ["https://gate:1", "ftp://gate", "http://", "gate:99999", "socks5://me:secret@gate", "a b"])
    func refusal(value: String) {
        let error = #expect(throws: SyncError.self) { try proxy("http://h/", ["http_proxy": value]) }
        #expect(error?.description.contains("http_proxy") == true)
        #expect(error?.description.contains("secret") == false)
    }

    @Test("A user name and a password are not part of what messages show")
    func credentials() throws {
        #expect(try proxy("http://h/", ["http_proxy": "http://me:secret@gate:3128"]) == "http://gate:3128")
    }
}

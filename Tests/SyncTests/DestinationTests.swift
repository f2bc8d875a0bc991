import Foundation
import Sync
import TestSupport
import Testing

@Suite("Destinations")
struct DestinationTests {
    @Test(
        "All spellings of a destination give one text",
        arguments: [
            ("file:///mnt/stick/", "file:///mnt/stick"), ("file://localhost/mnt/a%20b", "file:///mnt/a%20b"),
            ("HTTPS://Files.Example.COM/dav/", "https://files.example.com:443/dav"),
            ("http://localhost", "http://localhost:80"), ("http://[::1]:8080/x", "http://[::1]:8080/x"),
            ("clickhouse://db/nexus", "clickhouse://db:8123/nexus"),
            ("clickhouses://db/nexus", "clickhouses://db:8443/nexus"),
            ("clickhouse://10.0.0.1:18123/a_b/", "clickhouse://10.0.0.1:18123/a_b"),
            ("file:/mnt/stick", "file:///mnt/stick"), ("file:///mnt/my stick/ü", "file:///mnt/my%20stick/%C3%BC"),
            ("http://h/a b", "http://h:80/a%20b"), ("http://h/a%20b ü", "http://h:80/a%20b%20%C3%BC"),
            ("https://bücher.example/ü", "https://xn--bcher-kva.example:443/%C3%BC"),
        ])
    func identity(url: String, identity: String) throws {
        let destination = try Destination(url)
        #expect(destination.identity == identity)
        #expect(try Destination(destination.identity) == destination)
    }

    @Test(
        "An invalid destination is refused with the reason",
        arguments: [
            ("ftp://x/y", "it must be file:///"), ("mnt/stick", "it is not a URL"), ("", "it is not a URL"),
            ("file://host/x", "has no host"), ("file:///", "an absolute folder"), ("file:///a/../b", "without '..'"),
            ("https://", "no host"), ("http://h:99999/", "port"), ("http://h:0/", "port"),
            ("https://me:secret@h/x", "must not contain a user name"),
            ("https://me@h/x", "must not contain a user name"),
            ("clickhouse://u:p@h/db", "must not contain a user name"), ("https://h/x?sig=abc", "must not contain '?'"),
            ("https://h/x#y", "must not contain '?'"), ("clickhouse://h", "name of a database"),
            ("clickhouse://h/a/b", "name of a database"), ("clickhouse://h/a;DROP", "name of a database"),
            ("clickhouse://h/a%60b", "name of a database"), ("clickhouse://h/1a", "name of a database"),
            ("http://h o/x", "not a URL"), ("/mnt/stick", "file:///mnt/stick"), ("http://h/\u{1B}[2J", "not a URL"),
            ("http://h/" + String(repeating: "x", count: 1100), "too long"),
        ])
    func refusal(url: String, reason: String) {
        let error = #expect(throws: SyncError.self) { try Destination(url) }
        let isSaid = error?.description.contains(reason) == true
        #expect(isSaid, "\(String(describing: error))")
        // A password in the URL is not repeated.
        #expect(error?.description.contains("secret") == false)
    }

    @Test("Only this machine's own addresses are local")
    func local() throws {
        for host in ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"] {
            #expect(try Destination("http://\(host)/").address?.isLocal == true)
        }
        for host in ["127.0.0.1.example.com", "128.0.0.1", "example.com", "localhost.example.com"] {
            #expect(try Destination("http://\(host)/").address?.isLocal == false)
        }
    }
}

@Suite("Credentials")
struct CredentialsTests {
    private func write(_ text: String, mode: Int = 0o600) throws -> (TemporaryFolder, String) {
        let folder = try TemporaryFolder()
        let path = folder.path + "/credentials"
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return (folder, path)
    }

    @Test("Credentials are read from the environment")
    func environment() throws {
        let values = ["NEXUS_SYNC_USER": "keeper", "NEXUS_SYNC_PASSWORD": "between us"]
        #expect(try Credentials.load(file: nil) { values[$0] } != nil)
        #expect(try Credentials.load(file: nil) { _ in nil } == nil)
        #expect(throws: SyncError.self) { try Credentials.load(file: nil) { $0 == "NEXUS_SYNC_PASSWORD" ? "x" : nil } }
    }

    @Test("Credentials are read from a file of two lines")
    func file() throws {
        let (folder, path) = try write("keeper\nbetween us\n")
        let values = ["NEXUS_SYNC_USER": "keeper", "NEXUS_SYNC_PASSWORD": "between us"]
        #expect(try Credentials.load(file: path) { _ in nil } == Credentials.load(file: nil) { values[$0] })
        withExtendedLifetime(folder) {}
    }

    @Test("A file that others may read is refused", arguments: [0o640, 0o604, 0o666])
    func openFile(mode: Int) throws {
        let (folder, path) = try write("keeper\nbetween us\n", mode: mode)
        #expect(throws: SyncError.self) { try Credentials.load(file: path) }
        withExtendedLifetime(folder) {}
    }

    @Test(
        "Credentials with line breaks are refused, and not repeated",
        arguments: [
            "a\nb\nc\n", "a", "", "a:b\nsecret\n", "a\nsecret\u{7}\n", "a\n" + String(repeating: "s", count: 300),
        ])
    func malformed(text: String) throws {
        let (folder, path) = try write(text)
        let error = #expect(throws: SyncError.self) { try Credentials.load(file: path) }
        #expect(error?.description.contains("secret") == false)
        withExtendedLifetime(folder) {}
    }
}

import Foundation
import SystemSupport
import TestSupport

/// Servers of Debian's that `Scripts/test` has unpacked into the build folder. Each runs on loopback, with a folder of
/// its own, for as long as the value lives.
enum TestServers {
    static let folder = Repository.root.appending(path: ".build/servers").path
    static let areThere =
        FileManager.default.isExecutableFile(atPath: folder + "/usr/sbin/nginx")
        && FileManager.default.isExecutableFile(atPath: folder + "/usr/sbin/clickhouse-server")

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// A port without a listener.
    static func freePort() throws -> Int {
        let listener = try LoopbackListener()
        return listener.port
    }

    /// The python that has a current ClickHouse (`Scripts/test` with `NEXUS_TEST_FULL=1`).
    static let chdb = Repository.root.appending(path: ".build/chdb/bin/python3").path
    static let hasCurrentClickHouse = FileManager.default.isExecutableFile(atPath: chdb)

    /// Starts a server under a shell that passes SIGTERM on as SIGKILL. Foundation takes a process for ended that closes
    /// the files it inherited, as servers do, and then waits for it, and for no other, until it really is.
    /// - Parameter root: the folder below which the program's path is.
    static func start(
        _ path: String, _ arguments: [String], log: String, in root: String = folder
    ) throws -> Process {
        // The threads that tests run on block signals, and the shell would inherit that.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        let script = #"trap 'kill -9 $server' TERM; "$0" "$@" & server=$!; wait; wait"#
        process.arguments = ["-c", script, root + path] + arguments
        process.standardInput = FileHandle.nullDevice
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: log)
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
        return process
    }

    /// What the HTTP server on a port answers; nil when it does not.
    static func fetch(_ port: Int, body: String? = nil) -> String? {
        guard let descriptor = try? LoopbackListener.connect(to: port) else { return nil }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        // HTTP/1.0: the answer ends with the connection.
        let text =
            (body.map { "POST / HTTP/1.0\r\nContent-Length: \($0.utf8.count)\r\n\r\n\($0)" })
            ?? "GET / HTTP/1.0\r\n\r\n"
        let request = Array(text.utf8)
        guard unsafe send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
        var answer: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe recv(descriptor, &room, room.count, 0)
            guard count >= 0 else { return nil }
            if count == 0 { break }
            answer += room[..<count]
        }
        guard let header = answer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        return String(decoding: answer[header.upperBound...], as: UTF8.self)
    }
}

/// An nginx that takes PUT under `/dav/`, and under `/private/` with a password.
final class NginxServer {
    let port: Int
    private let folder: TemporaryFolder
    private let process: Process

    /// The files that were put into `/dav/`.
    var files: String { folder.path + "/root/dav" }

    init() throws {
        folder = try TemporaryFolder()
        port = try TestServers.freePort()
        for name in ["root/dav", "root/private", "temporary"] {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + name, withIntermediateDirectories: true)
        }
        try "keeper:{PLAIN}between us\n".write(
            toFile: folder.path + "/passwords", atomically: false, encoding: .utf8)
        let path = folder.path
        let configuration = """
            daemon off; master_process off; pid \(path)/pid; error_log \(path)/errors;
            events {}
            http {
                access_log off; client_max_body_size 0;
                client_body_temp_path \(path)/temporary; proxy_temp_path \(path)/t1; fastcgi_temp_path \(path)/t2;
                uwsgi_temp_path \(path)/t3; scgi_temp_path \(path)/t4;
                server {
                    listen 127.0.0.1:\(port); root \(path)/root;
                    location /dav/ { dav_methods PUT; }
                    location /private/ { dav_methods PUT; auth_basic x; auth_basic_user_file \(path)/passwords; }
                    location /small/ { dav_methods PUT; client_max_body_size 10; }
                    location /moved/ { return 301 http://127.0.0.1:\(port)/dav/; }
                }
            }
            """
        try configuration.write(toFile: path + "/nginx.conf", atomically: false, encoding: .utf8)
        process = try TestServers.start(
            "/usr/sbin/nginx", ["-e", path + "/errors", "-p", path, "-c", path + "/nginx.conf"], log: path + "/out")
        guard RunningService.poll(until: { TestServers.fetch(port) != nil }) else {
            throw TestServers.Failure(
                description: (try? String(contentsOfFile: path + "/errors", encoding: .utf8)) ?? "")
        }
    }

    deinit {
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
    }
}

/// A ClickHouse that a test asks through its HTTP interface.
protocol AnsweringClickHouse {
    var port: Int { get }
}

/// A current ClickHouse, in a process of Python's.
final class CurrentClickHouse: AnsweringClickHouse {
    let port: Int
    private let folder: TemporaryFolder
    private let process: Process

    init() throws {
        folder = try TemporaryFolder()
        port = try TestServers.freePort()
        let script = Repository.root.appending(path: "Tests/ClickHouse/chdb-server.py").path
        process = try TestServers.start(
            TestServers.chdb, [script, String(port), folder.path + "/data"], log: folder.path + "/out", in: "")
        guard RunningService.poll(until: { TestServers.fetch(port, body: "SELECT 1") == "1\n" }) else {
            throw TestServers.Failure(
                description: (try? String(contentsOfFile: folder.path + "/out", encoding: .utf8)) ?? "")
        }
    }

    deinit {
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
    }
}

/// A ClickHouse with two users: `default` without a password, `keeper` with one.
final class ClickHouseServer: AnsweringClickHouse {
    let port: Int
    private let folder: TemporaryFolder
    private let process: Process

    init() throws {
        folder = try TemporaryFolder()
        port = try TestServers.freePort()
        let path = folder.path
        func user(_ name: String, _ password: String) -> String {
            """
            <\(name)><password>\(password)</password><networks><ip>127.0.0.1</ip></networks>\
            <profile>default</profile><quota>default</quota></\(name)>
            """
        }
        let configuration = """
            <yandex>
                <logger><level>warning</level><log>\(path)/log</log><errorlog>\(path)/errors</errorlog></logger>
                <http_port>\(port)</http_port><listen_host>127.0.0.1</listen_host>
                <path>\(path)/data/</path><tmp_path>\(path)/temporary/</tmp_path>
                <mark_cache_size>5368709120</mark_cache_size><users_config>\(path)/users.xml</users_config>
                <default_profile>default</default_profile><default_database>default</default_database>
            </yandex>
            """
        let users = """
            <yandex><profiles><default></default></profiles>
            <users>\(user("default", ""))\(user("keeper", "between us"))</users>
            <quotas><default></default></quotas></yandex>
            """
        try configuration.write(toFile: path + "/config.xml", atomically: false, encoding: .utf8)
        try users.write(toFile: path + "/users.xml", atomically: false, encoding: .utf8)
        process = try TestServers.start(
            "/usr/sbin/clickhouse-server", ["--config-file=\(path)/config.xml"], log: path + "/out")
        guard RunningService.poll(until: { (try? query("SELECT 1")) == "1" }) else {
            throw TestServers.Failure(
                description: (try? String(contentsOfFile: path + "/errors", encoding: .utf8)) ?? "")
        }
    }

    deinit {
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
    }

    func query(_ sql: String) throws -> String {
        guard let answer = TestServers.fetch(port, body: sql) else {
            throw TestServers.Failure(description: "ClickHouse does not answer")
        }
        guard !answer.hasPrefix("Code:") else { throw TestServers.Failure(description: answer) }
        return answer.trimmingCharacters(in: .newlines)
    }
}

import Foundation
import Platform
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

    /// A port that nobody listens on now.
    static func freePort() throws -> Int {
        let listener = try LoopbackListener()
        return listener.port
    }

    static func start(_ path: String, _ arguments: [String], log: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: folder + path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: log)
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
        return process
    }

    /// What an HTTP server answers; nil when it does not.
    static func fetch(_ url: String, body: String? = nil) -> String? {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/curl")
        process.arguments = ["-sS", "--max-time", "60", url] + (body.map { ["--data-binary", $0] } ?? [])
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = try? output.fileHandleForReading.readToEnd()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: data ?? Data(), as: UTF8.self) : nil
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
        let url = "http://127.0.0.1:\(port)/"
        guard RunningService.poll(until: { TestServers.fetch(url) != nil }) else {
            throw TestServers.Failure(
                description: (try? String(contentsOfFile: path + "/errors", encoding: .utf8)) ?? "")
        }
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// A ClickHouse with two users: `default` without a password, `keeper` with one.
final class ClickHouseServer {
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
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func query(_ sql: String) throws -> String {
        guard let answer = TestServers.fetch("http://127.0.0.1:\(port)/", body: sql) else {
            throw TestServers.Failure(description: "ClickHouse does not answer")
        }
        guard !answer.hasPrefix("Code:") else { throw TestServers.Failure(description: answer) }
        return answer.trimmingCharacters(in: .newlines)
    }
}

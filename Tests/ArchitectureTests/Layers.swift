import Foundation
import TestSupport
import Testing

/// Which modules a module may import: the architecture, held against the import lines of every file. The package
/// manager's own check does not do that, as it lets imports pass that come in through another module.
struct Layers {
    /// Ours, from the ground up. A module may import only what stands in its own line.
    static let allowed: [String: Set<String>] = [
        "CLZ4": [],
        "CPlatform": [],
        "SystemSupport": ["CPlatform"],
        "Core": ["SystemSupport"],
        "Intake": ["Core", "SystemSupport"],
        "WriteAheadBuffer": ["Core", "SystemSupport"],
        "Recording": ["Core", "Intake", "SystemSupport", "WriteAheadBuffer"],
        "Database": ["Core", "SystemSupport", "WriteAheadBuffer"],
        "Snapshots": ["CLZ4", "Core", "Database", "Intake", "SystemSupport"],
        "Sync": ["Core", "Database", "Rollups", "Snapshots", "SystemSupport"],
        "Rollups": ["Core", "Database", "SystemSupport"],
        "Maintenance": ["Core", "Database", "Intake", "Rollups", "SystemSupport", "WriteAheadBuffer"],
        "History": ["Core", "Database", "Intake", "Maintenance", "SystemSupport"],
        "Reports": ["Core", "Database", "Intake", "Maintenance", "Rollups", "SystemSupport"],
        "Application": [
            "Core", "Database", "Intake", "Maintenance", "Recording", "Rollups", "SystemSupport",
            "WriteAheadBuffer",
        ],
        "Service": ["Application", "Core", "Database", "Intake", "Recording", "SystemSupport", "WriteAheadBuffer"],
        "NexusTelemetry": ["Core", "Intake", "Recording", "SystemSupport", "WriteAheadBuffer"],
        "nexus-record": ["Core", "Recording", "SystemSupport"],
        "nexus": [
            "Application", "Core", "History", "Maintenance", "Recording", "Reports", "Service", "Snapshots", "Sync",
            "SystemSupport",
        ],
        "FixtureGenerator": ["Core", "SystemSupport"],
    ]

    /// Modules of others, and who may import them.
    static let external: [String: Set<String>] = [
        "Glibc": ["SystemSupport", "FixtureGenerator"],
        "AsyncHTTPClient": ["Sync"],
        "Crypto": ["Intake", "Reports", "Snapshots", "Sync"],
        "DequeModule": ["WriteAheadBuffer"],
        "GRDB": ["Database", "Maintenance", "Rollups"],
        "GRDBSQLite": ["Database"],
        "ArgumentParser": ["FixtureGenerator", "nexus"],
        "Foundation": ["Database", "Maintenance", "Reports", "Rollups", "Snapshots", "Sync", "nexus"],
        "Synchronization": [
            "NexusTelemetry", "Service", "Database", "Snapshots", "Sync", "WriteAheadBuffer", "nexus",
        ],
        "Logging": ["Service", "nexus"],
        "NIOCore": ["Service", "Sync"],
        "NIOHTTP1": ["Sync"],
        "NIOPosix": ["Service", "Sync"],
        "NIOSSL": ["Sync"],
        "ServiceLifecycle": ["Service"],
        "UnixSignals": ["Service", "nexus"],
    ]

    struct SourceFile: CustomStringConvertible {
        let module: String
        let path: String
        let text: String

        var description: String { path }

        var imports: [String] {
            text.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                // An example in a comment or in a help text imports nothing.
                let levels = ["public", "package", "internal", "fileprivate", "private"]
                guard let index = words.firstIndex(of: "import"), index <= 1, index + 1 < words.count,
                    index == 0 || levels.contains(String(words[0])) || words[0].hasPrefix("@")
                else { return nil }
                return words[words.count - 1].split(separator: ".").first.map(String.init)
            }
        }
    }

    static let files: [SourceFile] = {
        let sources = Repository.root.appending(path: "Sources")
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: sources.path)) ?? []
        return paths.sorted().filter { $0.hasSuffix(".swift") }.compactMap { path in
            guard let text = try? String(contentsOf: sources.appending(path: path), encoding: .utf8) else { return nil }
            return SourceFile(module: String(path.split(separator: "/")[0]), path: path, text: text)
        }
    }()

    @Test("Every module is in the list, and the list names no other")
    func modulesAreKnown() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Repository.root.appending(path: "Sources").path)
        #expect(Set(folders) == Set(Self.allowed.keys))
    }

    @Test("A file imports only what its module may", arguments: files)
    func importsGoDown(file: SourceFile) {
        for name in file.imports {
            let isOurs = Self.allowed[name] != nil
            let isAllowed =
                isOurs ? Self.allowed[file.module]?.contains(name) : Self.external[name]?.contains(file.module)
            #expect(isAllowed == true, "\(file.path) imports \(name)")
        }
    }

    @Test("The modules form no circle")
    func noCircles() {
        var remaining = Self.allowed
        while let ground = remaining.first(where: { $0.value.isDisjoint(with: remaining.keys) }) {
            remaining[ground.key] = nil
        }
        #expect(remaining.isEmpty)
    }

    @Test("Unsafe code is only in the listed files", arguments: files)
    func unsafeStaysInItsPlaces(file: SourceFile) {
        let places = [
            "SystemSupport/", "Database/RawSQLite.swift", "Database/EventInserter.swift", "Snapshots/LZ4Frame.swift",
        ]
        // An actor with an executor of its own has one line that the language calls unsafe.
        let executor = "unsafe executor.asUnownedSerialExecutor()"
        guard !places.contains(where: file.path.hasPrefix) else { return }
        for line in file.text.split(separator: "\n") where !line.contains(executor) {
            let code = line.split(separator: "//", omittingEmptySubsequences: false)[0]
            #expect(!code.contains("unsafe ") && !code.contains("Unsafe"), "\(file.path): \(line)")
        }
    }
}

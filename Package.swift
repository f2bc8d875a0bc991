// swift-tools-version:6.3

import PackageDescription

/// Swift 6 language mode with every upcoming feature that makes data flow and isolation visible in the source;
/// a warning is an error, because a warning nobody must act on is soon one nobody reads.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// A product that the programs need and the library `NexusTelemetry` does not: a package that depends on it without the trait
/// does not fetch these.
func programs(_ name: String, _ package: String) -> Target.Dependency {
    .product(name: name, package: package, condition: .when(traits: ["Programs"]))
}

let asyncHTTPClient = programs("AsyncHTTPClient", "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = programs("GRDB", "GRDB.swift")
let grdbSQLite = programs("GRDBSQLite", "GRDB.swift")
let logging = programs("Logging", "swift-log")
let nio = programs("NIOCore", "swift-nio")
let nioHTTP1 = programs("NIOHTTP1", "swift-nio")
let nioPosix = programs("NIOPosix", "swift-nio")
let nioSSL = programs("NIOSSL", "swift-nio-ssl")
let serviceLifecycle = programs("ServiceLifecycle", "swift-service-lifecycle")
let serviceLifecycleTestKit = programs("ServiceLifecycleTestKit", "swift-service-lifecycle")
let unixSignals = programs("UnixSignals", "swift-service-lifecycle")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let argumentParser = programs("ArgumentParser", "swift-argument-parser")

let package = Package(
    name: "nexus",
    products: [
        .executable(name: "nexus", targets: ["nexus"]),
        .executable(name: "nexus-record", targets: ["nexus-record"]),
        .library(name: "NexusTelemetry", targets: ["NexusTelemetry"]),
    ],
    traits: [
        .trait(name: "Programs", description: "The programs nexus and nexus-record, beside the library."),
        .default(enabledTraits: ["Programs"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(name: "CPlatform"),
        .target(name: "SystemSupport", dependencies: ["CPlatform"], swiftSettings: strict),
        .target(name: "Core", dependencies: ["SystemSupport"], swiftSettings: strict),
        .target(name: "Intake", dependencies: ["Core", "SystemSupport", crypto], swiftSettings: strict),
        .target(name: "WriteAheadBuffer", dependencies: ["Core", "SystemSupport", deque], swiftSettings: strict),
        .target(
            name: "Recording", dependencies: ["Core", "Intake", "SystemSupport", "WriteAheadBuffer"],
            swiftSettings: strict),
        .target(
            name: "Database", dependencies: ["Core", "SystemSupport", "WriteAheadBuffer", grdb, grdbSQLite],
            swiftSettings: strict),
        .target(name: "Rollups", dependencies: ["Core", "Database", "SystemSupport", grdb], swiftSettings: strict),
        .target(
            name: "Maintenance",
            dependencies: ["Core", "Database", "Intake", "Rollups", "SystemSupport", "WriteAheadBuffer", grdb],
            swiftSettings: strict),
        .target(
            name: "Reports",
            dependencies: ["Core", "Database", "Intake", "Maintenance", "Rollups", "SystemSupport", crypto],
            resources: [.embedInCode("Page/report.css"), .embedInCode("Page/report.js")], swiftSettings: strict),
        .target(
            name: "Snapshots", dependencies: ["CLZ4", "Core", "Database", "Intake", "SystemSupport", crypto],
            swiftSettings: strict),
        .target(
            name: "History", dependencies: ["Core", "Database", "Intake", "Maintenance", "SystemSupport"],
            swiftSettings: strict),
        .target(
            name: "Sync",
            dependencies: [
                "Core", "Database", "Rollups", "Snapshots", "SystemSupport", asyncHTTPClient, crypto, nio, nioHTTP1,
                nioPosix, nioSSL,
            ],
            swiftSettings: strict),
        .target(
            name: "Application",
            dependencies: [
                "Core", "Database", "Intake", "Maintenance", "Recording", "Rollups", "SystemSupport",
                "WriteAheadBuffer",
            ],
            swiftSettings: strict),
        .target(
            name: "Service",
            dependencies: [
                "Application", "Core", "Database", "Intake", "Recording", "SystemSupport", "WriteAheadBuffer", logging,
                nio, nioPosix, serviceLifecycle, unixSignals,
            ],
            swiftSettings: strict),
        .target(
            name: "NexusTelemetry", dependencies: ["Core", "Intake", "Recording", "SystemSupport", "WriteAheadBuffer"],
            swiftSettings: strict),
        .executableTarget(
            name: "nexus",
            dependencies: [
                "Application", "Core", "Database", "History", "Intake", "Maintenance", "Recording", "Reports",
                "Rollups", "Service", "Snapshots", "Sync", "SystemSupport", "WriteAheadBuffer",
                argumentParser, logging, unixSignals,
            ],
            resources: [
                .embedInCode("Hooks/nexus.bash"), .embedInCode("Hooks/nexus.fish"), .embedInCode("Hooks/nexus.zsh"),
                .embedInCode("Units/nexus.service"), .embedInCode("Units/nexus.socket"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "nexus-record", dependencies: ["Core", "Recording", "SystemSupport"], swiftSettings: strict),
        .executableTarget(
            name: "nexus-fixtures", dependencies: ["Core", "SystemSupport", argumentParser],
            path: "Sources/FixtureGenerator", swiftSettings: strict),
        .testTarget(
            name: "SystemSupportTests", dependencies: ["SystemSupport", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "CoreTests", dependencies: ["Core", "SystemSupport", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "IntakeTests", dependencies: ["Core", "Intake", "SystemSupport", "TestSupport", crypto],
            swiftSettings: strict),
        .testTarget(
            name: "WriteAheadBufferTests",
            dependencies: ["Core", "SystemSupport", "TestSupport", "WriteAheadBuffer"],
            swiftSettings: strict),
        .testTarget(
            name: "RecordingTests",
            dependencies: ["Core", "Intake", "Recording", "SystemSupport", "TestSupport", "WriteAheadBuffer"],
            swiftSettings: strict),
        .testTarget(
            name: "DatabaseTests",
            dependencies: [
                "Application", "Core", "Database", "DatabaseTesting", "Intake", "Rollups", "SystemSupport",
                "TestSupport", "WriteAheadBuffer", grdb,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ApplicationTests",
            dependencies: [
                "Application", "Core", "Database", "DatabaseTesting", "Intake", "Maintenance", "Recording",
                "SystemSupport", "TestSupport", "WriteAheadBuffer",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "Application", "Core", "Database", "DatabaseTesting", "Intake", "Service", "SystemSupport",
                "TestSupport", "WriteAheadBuffer", grdb, logging, serviceLifecycleTestKit,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RollupsTests",
            dependencies: [
                "Application", "Core", "Database", "DatabaseTesting", "Rollups", "SystemSupport", "TestSupport", grdb,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MaintenanceTests",
            dependencies: [
                "Application", "Core", "Database", "DatabaseTesting", "Maintenance", "Rollups", "SystemSupport",
                "TestSupport", "WriteAheadBuffer", grdb,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ReportsTests",
            dependencies: [
                "Application", "Core", "Database", "DatabaseTesting", "Intake", "Reports", "Rollups", "SystemSupport",
                "TestSupport", "WriteAheadBuffer", crypto,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SnapshotsTests",
            dependencies: [
                "Application", "Core", "Database", "Intake", "Maintenance", "Rollups", "Snapshots", "SystemSupport",
                "TestSupport", "WriteAheadBuffer", crypto, grdb,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HistoryTests",
            dependencies: [
                "Application", "Core", "Database", "DatabaseTesting", "History", "Intake", "Maintenance", "Reports",
                "Rollups", "Snapshots", "SystemSupport", "TestSupport", grdb,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SyncTests",
            dependencies: [
                "Application", "Core", "Database", "DatabaseTesting", "Intake", "Maintenance", "Rollups", "Snapshots",
                "Sync", "SystemSupport", "TestSupport", "WriteAheadBuffer", crypto, grdb, nio, nioHTTP1, nioPosix,
                nioSSL,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "nexusTests",
            dependencies: [
                "Application", "Core", "Snapshots", "Sync", "SystemSupport", "TestSupport", "nexus", argumentParser,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "Core", "SystemSupport", "Sync", "TestSupport", "nexus", "nexus-record", crypto, nio, nioHTTP1,
                nioPosix, nioSSL,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "NexusTelemetryTests",
            dependencies: [
                "Application", "Core", "Database", "Intake", "NexusTelemetry", "SystemSupport", "TelemetryProbe",
                "TestSupport", "WriteAheadBuffer",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "TelemetryProbe", dependencies: ["NexusTelemetry"], path: "Tests/TelemetryProbe",
            swiftSettings: strict),
        .executableTarget(
            name: "nexus-torture",
            dependencies: [
                "Core", "SystemSupport", "TelemetryProbe", "TestSupport", "WriteAheadBuffer", "nexus", "nexus-record",
                argumentParser,
            ],
            path: "Tests/Torture", exclude: ["Clock"], swiftSettings: strict),
        .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport"], swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["Core", "Intake", "SystemSupport", "WriteAheadBuffer"],
            path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "DatabaseTesting",
            dependencies: ["Core", "Database", "Rollups", "SystemSupport", "TestSupport", grdb],
            path: "Tests/DatabaseTesting", swiftSettings: strict),
    ]
)

// What only developers build: `Scripts/bench`, `Scripts/fuzz` and `Scripts/docs` ask for it. Targets of this package reach its declarations of
// `package` access; the packages that they need are no dependencies of Nexus.
switch Context.environment["NEXUS_BUILD"] {
case "benchmarks":
    let plain: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
    package.dependencies.append(.package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []))
    package.targets += [
        .executableTarget(
            name: "NexusBenchmarks",
            dependencies: [
                "Application", "Core", "Database", "Intake", "Maintenance", "NexusTelemetry", "Snapshots", "Sync",
                "SystemSupport", "WriteAheadBuffer", .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/NexusBenchmarks", swiftSettings: plain,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
        .executableTarget(
            name: "RecordLatency", dependencies: ["NexusTelemetry"], path: "Benchmarks/RecordLatency",
            swiftSettings: plain),
        .executableTarget(
            name: "DrainCost", dependencies: ["Application", "Core", "Database", "Maintenance"],
            path: "Benchmarks/DrainCost", swiftSettings: plain),
    ]
case "docs":
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
case "fuzz":
    package.targets.append(
        .executableTarget(
            name: "nexus-fuzz",
            dependencies: ["CLZ4", "Core", "Intake", "Snapshots", "SystemSupport", "WriteAheadBuffer", crypto],
            path: "Tests/Fuzzing",
            // libFuzzer's runtime has the program's `main`, so Swift's gets another name.
            swiftSettings: strict + [
                .unsafeFlags(["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "nexus_fuzz_unused_main"])
            ]))
default: break
}

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

let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "nexus",
    products: [
        .executable(name: "nexus", targets: ["nexus"]),
        .executable(name: "nexus-record", targets: ["nexus-record"]),
        .executable(name: "nexus-fixtures", targets: ["nexus-fixtures"]),
        .library(name: "NexusTelemetry", targets: ["NexusTelemetry"]),
        // For the package in Benchmarks only: `package` access ends at a package's border.
        .library(name: "BenchmarkSubjects", targets: ["BenchmarkSubjects"]),
        .library(name: "SnapshotSubjects", targets: ["SnapshotSubjects"]),
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
            name: "Reports", dependencies: ["Core", "Database", "Maintenance", "Rollups", "SystemSupport"],
            swiftSettings: strict),
        .target(
            name: "Snapshots", dependencies: ["CLZ4", "Core", "Database", "Intake", "SystemSupport", crypto],
            swiftSettings: strict),
        .target(
            name: "Sync",
            dependencies: [
                "Core", "Database", "Snapshots", "SystemSupport", asyncHTTPClient, crypto, nio, nioHTTP1, nioPosix,
                nioSSL,
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
        .target(
            name: "BenchmarkSubjects",
            dependencies: [
                "Application", "Core", "Database", "Intake", "Maintenance", "SystemSupport", "WriteAheadBuffer",
            ],
            swiftSettings: strict),
        // For itself, as it brings along all that sending takes.
        .target(
            name: "SnapshotSubjects",
            dependencies: [
                "Application", "Core", "Intake", "SystemSupport", "Database", "Snapshots", "Sync", "WriteAheadBuffer",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "nexus",
            dependencies: [
                "Application", "Core", "Database", "Intake", "Maintenance", "Recording", "Reports", "Rollups",
                "Service",
                "Snapshots", "Sync", "SystemSupport", "WriteAheadBuffer",
                argumentParser, logging, unixSignals,
            ],
            resources: [
                .embedInCode("Hooks/nexus.bash"), .embedInCode("Hooks/nexus.fish"), .embedInCode("Hooks/nexus.zsh"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "nexus-record", dependencies: ["Core", "Intake", "Recording", "SystemSupport"], swiftSettings: strict),
        .executableTarget(
            name: "nexus-fixtures", dependencies: ["Core", "SystemSupport", argumentParser],
            path: "Sources/FixtureGenerator", swiftSettings: strict),
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
                "Application", "Core", "Database", "Intake", "Recording", "SystemSupport", "TestSupport",
                "WriteAheadBuffer",
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
                "Application", "Core", "Database", "DatabaseTesting", "Maintenance", "SystemSupport", "TestSupport",
                grdb,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ReportsTests",
            dependencies: [
                "Application", "Core", "Database", "Intake", "Reports", "Rollups", "SystemSupport", "TestSupport",
                "WriteAheadBuffer",
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
            name: "SyncTests",
            dependencies: [
                "Application", "Core", "Database", "Intake", "Maintenance", "Snapshots", "Sync", "SystemSupport",
                "TestSupport", "WriteAheadBuffer", crypto, grdb,
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
            name: "DatabaseTesting", dependencies: ["Core", "Database", "Rollups", "SystemSupport", grdb],
            path: "Tests/DatabaseTesting", swiftSettings: strict),
    ]
)

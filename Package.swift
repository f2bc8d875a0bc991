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

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "nexus",
    products: [
        .executable(name: "nexus", targets: ["nexus"]),
        .executable(name: "nexus-fixtures", targets: ["nexus-fixtures"]),
        .library(name: "NexusTelemetry", targets: ["NexusTelemetry"]),
        // For the package in Benchmarks only: `package` access ends at a package's border.
        .library(name: "BenchmarkSubjects", targets: ["BenchmarkSubjects"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .target(name: "CPlatform"),
        .target(name: "Platform", dependencies: ["CPlatform"], swiftSettings: strict),
        .target(name: "EventModel", dependencies: ["Platform"], swiftSettings: strict),
        .target(name: "Intake", dependencies: ["EventModel", "Platform", crypto], swiftSettings: strict),
        .target(name: "WriteAheadBuffer", dependencies: ["EventModel", "Platform"], swiftSettings: strict),
        .target(
            name: "Pipeline", dependencies: ["EventModel", "Intake", "Platform", "WriteAheadBuffer"],
            swiftSettings: strict),
        .target(
            name: "Store", dependencies: ["EventModel", "Platform", "WriteAheadBuffer", grdb, grdbSQLite],
            swiftSettings: strict),
        .target(name: "Reports", dependencies: ["EventModel", "Platform", "Store"], swiftSettings: strict),
        .target(
            name: "Service",
            dependencies: ["EventModel", "Intake", "Pipeline", "Platform", "Store", "WriteAheadBuffer"],
            swiftSettings: strict),
        .target(
            name: "NexusTelemetry", dependencies: ["EventModel", "Intake", "Platform", "WriteAheadBuffer"],
            swiftSettings: strict),
        .target(
            name: "BenchmarkSubjects", dependencies: ["EventModel", "Intake", "Platform", "Store", "WriteAheadBuffer"],
            swiftSettings: strict),
        .executableTarget(
            name: "nexus",
            dependencies: [
                "EventModel", "Intake", "Platform", "Reports", "Service", "Store", "WriteAheadBuffer", argumentParser,
            ],
            swiftSettings: strict),
        .executableTarget(name: "nexus-fixtures", path: "Sources/FixtureGenerator", swiftSettings: strict),
        .testTarget(
            name: "EventModelTests", dependencies: ["EventModel", "Platform", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "IntakeTests", dependencies: ["EventModel", "Intake", "Platform", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "WriteAheadBufferTests",
            dependencies: ["EventModel", "Platform", "TestSupport", "WriteAheadBuffer"],
            swiftSettings: strict),
        .testTarget(
            name: "PipelineTests",
            dependencies: ["EventModel", "Intake", "Pipeline", "Platform", "TestSupport", "WriteAheadBuffer"],
            swiftSettings: strict),
        .testTarget(
            name: "StoreTests",
            dependencies: ["EventModel", "Intake", "Platform", "Store", "TestSupport", "WriteAheadBuffer", grdb],
            swiftSettings: strict),
        .testTarget(
            name: "ReportsTests",
            dependencies: ["EventModel", "Intake", "Platform", "Reports", "Store", "TestSupport", "WriteAheadBuffer"],
            swiftSettings: strict),
        .testTarget(
            name: "CommandTests", dependencies: ["Platform", "TestSupport", "nexus"], swiftSettings: strict),
        .testTarget(
            name: "NexusTelemetryTests",
            dependencies: [
                "EventModel", "Intake", "NexusTelemetry", "Platform", "Store", "TelemetryProbe", "TestSupport",
                "WriteAheadBuffer",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "TelemetryProbe", dependencies: ["NexusTelemetry"], path: "Tests/TelemetryProbe",
            swiftSettings: strict),
        .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport"], swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["EventModel", "Intake", "Platform", "WriteAheadBuffer"],
            path: "Tests/TestSupport", swiftSettings: strict),
    ]
)

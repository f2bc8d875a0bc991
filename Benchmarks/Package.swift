// swift-tools-version:6.3

// The benchmarks, a package of their own so that what they depend on is no dependency of Nexus.
//
//     Scripts/bench micro run
//
// runs them all; `--filter "quantiles.*"` behind it some of them; `Scripts/bench micro` alone checks them against the
// thresholds beside this file.

import PackageDescription

let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(name: "nexus", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "NexusBenchmarks",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "BenchmarkSubjects", package: "nexus"),
                .product(name: "NexusTelemetry", package: "nexus"),
                .product(name: "SnapshotSubjects", package: "nexus"),
            ],
            path: "Benchmarks/NexusBenchmarks",
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)],
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
        // For Scripts/bench, which wants two numbers and no more.
        .executableTarget(
            name: "RecordLatency", dependencies: [.product(name: "NexusTelemetry", package: "nexus")],
            path: "RecordLatency", swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        .executableTarget(
            name: "DrainCost", dependencies: [.product(name: "BenchmarkSubjects", package: "nexus")],
            path: "DrainCost", swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    ]
)

// swift-tools-version:6.3

// What Scripts/bench measured, as tables, JSON, Benchmarks/RESULTS.md and charts. A package of its own, without any
// dependency: it builds in seconds, so that a report does not wait for the benchmark package.

import PackageDescription

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let package = Package(
    name: "benchmark-report",
    targets: [
        .executableTarget(name: "BenchmarkReport", path: "Sources", swiftSettings: strict),
        .testTarget(
            name: "BenchmarkReportTests", dependencies: ["BenchmarkReport"], path: "Tests", swiftSettings: strict),
    ]
)

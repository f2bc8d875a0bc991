// swift-tools-version:6.3

// What reads bytes from outside, built for libFuzzer: `Scripts/fuzz`.
//
// A package of its own, so that only what reads is built and instrumented, in a minute and with one package of others.
// The sources are those of Nexus (`Sources` is a link to them); where one of them leans on a package of others, a stand-in
// takes its place, and of what is mostly not about reading only the files that are (`Parts`). The hash is one that is no
// SHA-256: what is fuzzed is reading, and no reader looks into a hash.

import PackageDescription

let settings: [SwiftSetting] = [
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

let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

let package = Package(
    name: "fuzzing",
    dependencies: [.package(url: "https://github.com/apple/swift-collections", from: "1.6.0")],
    targets: [
        .systemLibrary(name: "CLZ4", path: "Sources/CLZ4", pkgConfig: "liblz4"),
        .target(name: "CPlatform", path: "Sources/CPlatform"),
        .target(
            name: "SystemSupport", dependencies: ["CPlatform"], path: "Sources/SystemSupport", swiftSettings: settings),
        .target(name: "Core", dependencies: ["SystemSupport"], path: "Sources/Core", swiftSettings: settings),
        .target(
            name: "WriteAheadBuffer", dependencies: ["Core", "SystemSupport", deque],
            path: "Sources/WriteAheadBuffer",
            swiftSettings: settings),
        .target(name: "Crypto", path: "StandIns/Crypto", swiftSettings: settings),
        .target(
            name: "Intake", dependencies: ["Crypto", "Core", "SystemSupport"], path: "Sources/Intake",
            swiftSettings: settings),
        // What the reader of snapshots needs of it.
        .target(name: "Database", path: "StandIns/Database", swiftSettings: settings),
        .target(
            name: "Snapshots", dependencies: ["CLZ4", "Crypto", "Core", "SystemSupport", "Database"],
            path: "Parts/Snapshots",
            swiftSettings: settings + [.unsafeFlags(["-enable-testing"])]),
        .executableTarget(
            name: "nexus-fuzz",
            dependencies: [
                "CLZ4", "Crypto", "Core", "Intake", "SystemSupport", "Database", "Snapshots", "WriteAheadBuffer",
            ],
            path: "Targets",
            // libFuzzer's runtime brings the program's `main` along, so that Swift's gets another name.
            swiftSettings: settings + [
                .unsafeFlags(["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "nexus_fuzz_unused_main"])
            ]),
    ]
)

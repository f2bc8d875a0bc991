/// The steps of the mode `mixture`. Add a step here for each new command that changes the data folder.
enum Steps {
    static let all: [Step] =
        recording + service + killing + reading + clock + limits + pausing + removal + snapshots + copies

    private static let recording = [
        Step("nexus record", weight: 2) {
            try $0.recordSingly(1, with: [$0.testEnvironment.programs.nexus, "record"])
        },
        Step("nexus-record", weight: 3) {
            try $0.recordSingly($0.pick(1...4), with: [$0.testEnvironment.programs.recorder])
        },
        Step("nexus-record --durable") { systemState in
            try systemState.recordSingly(1, with: [systemState.testEnvironment.programs.recorder, "--durable"])
        },
        Step("a crowd of recorders") {
            try $0.recordSingly($0.pick(10...40), with: [$0.testEnvironment.programs.recorder])
        },
        Step("nexus exec", weight: 2) { try $0.exec() },
        Step("a stream", weight: 3) { try $0.stream($0.pick(1...3000)) },
        Step("a durable stream") { try $0.stream($0.pick(1...500), flags: ["--durable"]) },
        Step("a Swift program") { try $0.probe($0.pick(1...2000), killAfter: $0.pick(0...5000)) },
    ]

    private static let service = [
        Step("the socket", weight: 3) { try $0.socket(batches: $0.pick(1...10), of: $0.pick(1...100)) },
        Step("the pipe", weight: 2) { try $0.pipe($0.pick(1...500)) },
        Step("nexus serve stops") { try $0.stopService() },
    ]

    private static let killing = [
        Step("nexus serve is killed", weight: 2) { systemState in
            systemState.killService()
        },
        Step("nexus serve is killed under its socket", weight: 2) { systemState in
            try systemState.socket(
                batches: systemState.pick(1...8), of: systemState.pick(1...200),
                kill: .after(systemState.pick(0...4000)))
        },
        Step("nexus serve is killed under its pipe") { systemState in
            try systemState.pipe(systemState.pick(1...500), kill: .after(systemState.pick(0...4000)))
        },
        Step("a stream is killed", weight: 3) { systemState in
            let count = systemState.pick(1...4000)
            try systemState.stream(
                count, kill: .acknowledged(systemState.pick(1...count), andAfter: systemState.pick(0...3000)))
        },
        Step("a stream is killed early") { try $0.stream(2000, kill: .after($0.pick(0...30_000))) },
        Step("recorders are killed", weight: 2) { systemState in
            try systemState.recordSingly(
                systemState.pick(1...10), with: [systemState.testEnvironment.programs.recorder],
                kill: .after(systemState.pick(0...8000)))
        },
        Step("nexus exec is killed") { try $0.exec(kill: .after($0.pick(0...10_000))) },
        Step("nexus flush is killed", weight: 2) { try $0.read(["flush"], kill: .after($0.pick(0...40_000))) },
    ]

    private static let reading = [
        Step("nexus flush", weight: 2) { try $0.checkStored() },
        Step("nexus stats") { try $0.read(["stats"]) },
        Step("nexus telemetry status") { try $0.read(["telemetry", "status"]) },
        Step("nexus session list") { try $0.read(["session", "list"]) },
    ]

    private static let clock = [
        Step("a recorder with a time that is days off") { systemState in
            for _ in 1...systemState.pick(1...4) {
                try systemState.recordSingly(daysFromNow: systemState.pick(-10...10))
            }
        },
        Step("programs under a wrong clock", weight: 2) { try $0.underWrongClock() },
    ]

    private static let copies = [
        Step("two copies that both record", weight: 2) { try $0.divergingCopies() },
        Step("a restored backup", weight: 2) { try $0.restoredBackup() },
        Step("a copy while programs record", weight: 2) { try $0.hotCopy() },
    ]

    private static let limits = [
        Step("programs with few files or little memory") { try $0.underProcessLimits() }
    ]

    private static let pausing = [
        Step("nexus telemetry off, and on again", weight: 3) { try $0.pause() }
    ]

    private static let removal = [
        Step("nexus telemetry purge") { try $0.purge(try $0.pickSelection()) },
        Step("nexus telemetry purge is killed") { systemState in
            try systemState.purge(try systemState.pickSelection(), kill: .after(systemState.pick(0...60_000)))
        },
        Step("nexus telemetry purge among recorders") { try $0.purgeAmongRecorders() },
        Step("nexus telemetry rekey") { try $0.rekey() },
        Step("nexus telemetry rekey is killed") { try $0.rekey(kill: .after($0.pick(0...30_000))) },
        Step("nexus telemetry retain") { try $0.retain(days: $0.isChance(of: 60) ? $0.pick(2...9) : nil) },
    ]

    private static let snapshots = [
        Step("nexus export", weight: 2) { try $0.export() },
        Step("nexus export is killed") { try $0.export(kill: .after($0.pick(0...40_000))) },
        Step("nexus import", weight: 2) { try $0.importSnapshot() },
        Step("nexus import is killed") { try $0.importSnapshot(kill: .after($0.pick(0...60_000))) },
        Step("nexus sync", weight: 2) { try $0.sync() },
        Step("nexus sync is killed") { try $0.sync(kill: .after($0.pick(0...60_000))) },
        Step("a check of all sent events") { try $0.checkSent() },
        Step("nexus doctor") { try $0.checkHealth() },
    ]
}

import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Data folders that were copied or restored and go on recording on both sides.
@Suite(.timeLimit(.minutes(5)))
struct CopiedFolderTests {
    private let program: Program
    private var data: String { program.folder.data.folder.path }

    init() throws {
        program = try Program()
        try record(0..<6, in: program)
    }

    /// Records events whose durations are the numbers, and stores them.
    private func record(_ numbers: Range<Int>, in program: Program) throws {
        let lines = numbers.map { #"{"command":"make","duration_ms":\#($0),"session_id":"s\#($0 % 2)"}"# + "\n" }
        #expect(try program.run("record", "--stdin", input: lines.joined()).status == 0)
        #expect(try program.run("flush").status == 0)
    }

    /// Records events that wait in the buffer.
    private func leaveInBuffer(_ numbers: Range<Int>) throws {
        for number in numbers {
            let record = try program.run(
                "record", "--command", "make", "--duration-ms", "\(number)", "--session", "s0")
            #expect(record.status == 0)
        }
    }

    private func shell(_ script: String, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-ec", script, "sh"] + arguments
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(script)")
    }

    /// Another data folder, made by a shell script from `$1` to `$2`.
    private func copy(_ script: String) throws -> Program {
        var copy = try Program()
        try shell(script, data, copy.folder.data.folder.path)
        copy.environment["NEXUS_DATA_DIR"] = copy.folder.data.folder.path
        return copy
    }

    private func installation(_ program: Program) throws -> String {
        try program.query("SELECT id FROM installation")
    }

    /// The number of events, of different durations, and their sum.
    private func durations(_ program: Program) throws -> String {
        try program.query("SELECT count(*), count(DISTINCT duration_ms), sum(duration_ms) FROM events")
    }

    /// Expects that everything that is counted is what a recount gives.
    private func expectSound(_ program: Program) throws {
        let doctor = try program.run("doctor")
        #expect(doctor.status == 0, "\(doctor.output)")
    }

    private func exchange(_ one: Program, _ other: Program) throws {
        for (from, to, name) in [(one, other, "there"), (other, one, "back")] {
            let file = one.folder.path + "/" + name + UUID().uuidString
            #expect(try from.run("export", "-o", file).status == 0)
            let outcome = try to.run("import", file)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test(
        "Two copies that both record have the union after an import in either direction",
        arguments: [
            #"cp -a "$1" "$2""#, #"mkdir -m 700 "$2" && tar -C "$1" -cf - . | tar -C "$2" -xpf -"#,
            #"cp -r "$1" "$2""#,
        ])
    func diverging(script: String) throws {
        let other = try copy(script)
        let before = try installation(program)
        try record(6..<9, in: program)
        try record(9..<12, in: other)
        #expect(try installation(program) == before)
        #expect(try installation(other) != before)
        try exchange(program, other)
        for program in [program, other] {
            #expect(try durations(program) == "12|12|66")
            try expectSound(program)
        }
        // Again, and nothing is doubled.
        try exchange(other, program)
        #expect(try durations(program) == "12|12|66")
        #expect(try durations(other) == "12|12|66")
    }

    @Test("A copy of a copy, and a folder that is only renamed")
    func copyOfACopy() throws {
        let second = try copy(#"cp -a "$1" "$2""#)
        try record(6..<7, in: second)
        var third = try Program()
        try shell(#"cp -a "$1" "$2""#, second.folder.data.folder.path, third.folder.path + "/first")
        try shell(#"mv "$1" "$2""#, third.folder.path + "/first", third.folder.path + "/renamed")
        third.environment["NEXUS_DATA_DIR"] = third.folder.path + "/renamed"
        try record(7..<8, in: third)
        try shell(#"mv "$1" "$2""#, third.folder.path + "/renamed", third.folder.data.folder.path)
        third.environment["NEXUS_DATA_DIR"] = third.folder.data.folder.path
        let afterCopying = try installation(third)
        try record(8..<9, in: third)
        #expect(try installation(third) == afterCopying)
        try record(9..<10, in: program)
        try exchange(program, second)
        try exchange(third, second)
        try exchange(program, second)
        for program in [program, second, third] { #expect(try durations(program) == "10|10|45") }
    }

    @Test(
        "A restored backup that records and then imports its last export has the events of both",
        arguments: [
            #"cp -a "$2/." "$1/""#, #"rm -r "$1" && cp -a "$2" "$1""#,
            #"cp -p "$2/nexus.db" "$1/new" && mv "$1/new" "$1/nexus.db""#,
        ])
    func restored(script: String) throws {
        let backup = program.folder.path + "/backup"
        try shell(#"cp -a "$1" "$2""#, data, backup)
        try record(6..<9, in: program)
        let export = program.folder.path + "/last"
        #expect(try program.run("export", "-o", export).status == 0)
        try shell(script, data, backup)
        try record(9..<12, in: program)
        #expect(try durations(program) == "9|9|45")
        #expect(try program.run("import", export).output.hasPrefix("3 events imported, 6 already present"))
        #expect(try durations(program) == "12|12|66")
        try expectSound(program)
    }

    @Test("Two copies sync to one folder, whose files together have every event once")
    func oneFolder() throws {
        let stick = program.folder.path + "/stick"
        try shell(#"mkdir "$1""#, stick)
        #expect(try program.run("sync", "--to", "file://\(stick)").status == 0)
        let other = try copy(#"cp -a "$1" "$2""#)
        for (numbers, copy) in [(6..<9, program), (9..<12, other), (12..<13, program), (13..<14, other)] {
            try record(numbers, in: copy)
            let sync = try copy.run("sync", "--to", "file://\(stick)")
            #expect(sync.status == 0, "\(sync.errors)")
        }
        let all = try Program()
        for name in try FileManager.default.contentsOfDirectory(atPath: stick).sorted() {
            #expect(try all.run("import", stick + "/" + name).status == 0)
        }
        #expect(try durations(all) == "14|14|91")
    }

    @Test(
        "An old buffer with a newer database is not stored again, whichever was copied first",
        arguments: [("buffer nexus.db*", 9), ("nexus.db* buffer", 6)])
    func hotCopy(order: String, expected: Int) throws {
        try leaveInBuffer(6..<9)
        var other = try Program()
        let target = other.folder.data.folder.path
        other.environment["NEXUS_DATA_DIR"] = target
        let halves = order.split(separator: " ").map(String.init)
        let copy = #"mkdir -p -m 700 "$2"; cd "$1"; cp -a $3 "$2""#
        try shell(copy, data, target, halves[0])
        #expect(try program.run("flush").status == 0)
        try shell(copy, data, target, halves[1] + " key")
        #expect(try other.run("flush").status == 0)
        let sum = (0..<expected).reduce(0, +)
        #expect(try durations(other) == "\(expected)|\(expected)|\(sum)")
        try expectSound(other)
        // Nothing is missing that the other has, and nothing comes twice.
        try exchange(program, other)
        for program in [program, other] {
            #expect(try durations(program) == "9|9|36")
            try expectSound(program)
        }
    }

    @Test("Purged events do not come back with an old buffer")
    func oldBufferAfterPurge() throws {
        try leaveInBuffer(6..<9)
        let old = program.folder.path + "/old"
        try shell(#"cp -a "$1/buffer" "$2""#, data, old)
        #expect(try program.run("telemetry", "purge", "--all", "--yes").status == 0)
        try shell(#"cp -a "$2/." "$1/buffer""#, data, old)
        #expect(try program.run("flush").status == 0)
        #expect(try durations(program) == "0|0|")
        try expectSound(program)
    }
}

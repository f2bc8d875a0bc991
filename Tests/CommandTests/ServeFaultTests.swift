import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Clients that behave badly, and what the service may cost.
struct ServeFaultTests {
    private func line(_ number: Int) -> String { #"{"command":"make","duration_ms":\#(number)}"# }

    private func lines(_ numbers: ClosedRange<Int>) -> [String] { numbers.map(line) }

    @Test("A thousand idle connections block no other client")
    func idleConnections() throws {
        let count = min(1000, FileLimit.raise() - 200)
        let service = try RunningService(Program())
        let idle = try (0..<count).map { _ in try service.client() }
        let client = try service.client()
        #expect(try client.exchange(lines(1...1000), total: 1000).accepted == 1000)
        // They are all still served.
        for (index, other) in [idle[0], idle[count / 2], idle[count - 1]].enumerated() {
            #expect(try other.exchange([line(1001 + index)], total: 1).accepted == 1)
        }
        #expect(try service.stop() == 0)
        let rows = try service.program.query("SELECT count(*), count(DISTINCT duration_ms) FROM events")
        #expect(rows == "1003|1003", "\(service.errors)")
    }

    @Test("A service whose pipe was removed ends on request")
    func removedPipe() throws {
        let service = try RunningService(Program())
        #expect(try service.client().exchange([line(1)], total: 1).accepted == 1)
        try FileManager.default.removeItem(atPath: service.runtime.pipePath)
        #expect(try service.stop() == 0)
        #expect(try service.program.query("SELECT count(*) FROM events") == "1")
    }

    @Test("A service whose folder was removed ends, and leaves a new folder of that name alone")
    func removedFolder() throws {
        let program = try Program()
        let first = try RunningService(program)
        #expect(try first.client().exchange([line(1)], total: 1).accepted == 1)
        let folder = program.folder.data.folder
        // What the service makes meanwhile is in the way of the folder's removal.
        #expect(
            RunningService.poll {
                try? FileManager.default.removeItem(atPath: folder.path)
                return !folder.exists
            })
        let second = try RunningService(program)
        try #require(RunningService.poll { !first.process.isRunning })
        #expect(first.process.terminationStatus == 69)
        #expect(first.errors.contains("was removed or replaced while it was in use; start the service again"))
        #expect(try second.client().exchange([line(2)], total: 1).accepted == 1)
        #expect(try second.stop() == 0)
        #expect(try program.query("SELECT duration_ms FROM events") == "2")
    }

    @Test("The README's line for scripts does not wait after a service was killed")
    func lineBehindAKill() throws {
        let service = try RunningService(Program())
        service.kill()
        let page = try String(
            contentsOf: Repository.root.appending(path: "Sources/nexus/Nexus.docc/RecordingProtocols.md"),
            encoding: .utf8)
        let line = try #require(page.split(separator: "\n").first { $0.hasPrefix("[ -p \"$pipe\" ]") })
        let shell = service.program.process(["10", "bash", "-c", String(line)])
        shell.executableURL = URL(filePath: "/usr/bin/timeout")
        shell.environment?["pipe"] = service.runtime.pipePath
        shell.environment?["ms"] = "5"
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0, "\(line)")
    }

    @Test("Lines wait in the pipe while the key is invalid")
    func exposedKey() throws {
        let service = try RunningService(Program())
        let key = service.program.folder.data.keyPath
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        #expect(NamedPipe.offer(line(1) + "\n", to: service.runtime.pipePath))
        #expect(RunningService.poll { service.errors.contains("; retrying") })
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        #expect(RunningService.poll { (try? service.program.run("flush").status) == 0 && rows(service) == "1" })
        #expect(try service.stop() == 0)
    }

    @Test("Damaged settings are logged, as writers into the pipe get no answer")
    func damagedSettings() throws {
        let service = try RunningService(Program())
        try "{".write(toFile: service.program.folder.data.settingsPath, atomically: false, encoding: .utf8)
        for number in 1...2 { #expect(NamedPipe.offer(line(number) + "\n", to: service.runtime.pipePath)) }
        #expect(RunningService.poll { service.errors.contains("incoming events are discarded") })
        #expect(try service.stop() == 0)
        #expect(service.errors.split(separator: "\n").count { $0.contains("are discarded") } == 1, "\(service.errors)")
    }

    private func rows(_ service: RunningService) -> String? {
        try? service.program.query("SELECT count(*) FROM events")
    }

    @Test("Connections beyond the limit are refused with a reason, and served ones continue")
    func tooManyConnections() throws {
        let service = try RunningService(Program(), limits: "ulimit -n 64")
        let first = try service.client()
        #expect(try first.exchange(lines(1...20), total: 20).accepted == 20)
        var others: [UnixClient] = []
        var refusals: [String] = []
        for number in 21...100 {
            let client = try service.client()
            // A refused client may find the connection closed before it has sent anything.
            try? client.send(line(number) + "\n")
            let answer = try client.receiveLine() ?? "closed"
            if answer == #"{"accepted":1,"rejected":0}"# { others.append(client) } else { refusals.append(answer) }
        }
        #expect(others.count >= 8)
        #expect(others.count + refusals.count == 80)
        #expect(Set(refusals) == [#"{"error":"too many connections; try again"}"#])
        #expect(try first.exchange(lines(101...120), total: 40).accepted == 40)
        // Who goes makes room.
        let served = others.count
        others.removeAll()
        let isFree = RunningService.poll {
            guard let client = try? service.client(), (try? client.send(line(121) + "\n")) != nil else { return false }
            return (try? client.receiveLine()) == #"{"accepted":1,"rejected":0}"#
        }
        #expect(isFree)
        #expect(try service.stop() == 0)
        #expect(try service.program.query("SELECT count(*) FROM events") == "\(20 + served + 20 + 1)")
    }

    @Test("More connections than descriptors do not end the service")
    func descriptorsRunOut() throws {
        let service = try RunningService(Program(), limits: "ulimit -n 64")
        let first = try service.client()
        #expect(try first.exchange(lines(1...20), total: 20).accepted == 20)
        service.signal(SIGSTOP)
        var crowd = try (0..<300).map { _ in try service.client() }
        service.signal(SIGCONT)
        #expect(try first.exchange(lines(21...40), total: 40).accepted == 40)
        crowd.removeAll()
        let isFree = RunningService.poll {
            guard let client = try? service.client(), (try? client.send(line(41) + "\n")) != nil else { return false }
            return (try? client.receiveLine()) == #"{"accepted":1,"rejected":0}"#
        }
        #expect(isFree)
        #expect(try service.stop() == 0)
    }

    @Test("A client that reads no answers blocks neither other clients nor the stop")
    func deafClient() throws {
        let service = try RunningService(Program())
        let deaf = try service.client()
        // Each line is bad, so that the answers are longer than what is sent.
        let bad = Array(String(repeating: "x\n", count: 30_000).utf8)
        var sent = 0
        var refusedInARow = 0
        while refusedInARow < 100, sent < 20_000_000 {
            let count = try deaf.sendWithoutWaiting(bad)
            sent += count
            refusedInARow = count == 0 ? refusedInARow + 1 : 0
            if count == 0 { usleep(2000) }
        }
        #expect(sent < 20_000_000, "the service reads on from a client that does not listen")
        let client = try service.client(timeout: 5)
        for batch in 0..<10 {
            let start = ContinuousClock.now
            #expect(
                try client.exchange(lines(batch * 20 + 1...batch * 20 + 20), total: batch * 20 + 20).accepted
                    == batch * 20 + 20)
            #expect(ContinuousClock.now - start < .seconds(2))
        }
        let start = ContinuousClock.now
        #expect(try service.stop() == 0)
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(try service.program.query("SELECT count(*) FROM events") == "200")
    }

    @Test("A line of 100 MB is rejected without being kept in memory, and the next line is accepted")
    func longLine() throws {
        let service = try RunningService(Program())
        let client = try service.client()
        let before = try service.status("VmRSS")
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1_000_000)
        for _ in 0..<100 { try client.send(piece) }
        try client.send("\n\(line(1))\n")
        let answer = try client.acknowledgement(of: 2)
        #expect(answer.counts == Acknowledgement(accepted: 1, rejected: 1))
        #expect(answer.errors.count == 1 && answer.errors[0].hasPrefix(#"{"line":1,"error":"#), "\(answer.errors)")
        // A third of the line at most, with the some 36 MiB that a debug build takes for itself: it cannot have been
        // held.
        #expect(try service.status("VmHWM") < before + 32 * 1024 * Program.memoryFactor)
        #expect(try service.status("VmHWM") < 80 * 1024 * Program.memoryFactor)
        #expect(try service.stop() == 0)
        let rows = try service.program.query("SELECT count(*) FROM events")
        #expect(rows == "1", "\(service.errors)")
    }

    @Test("An idle service hardly wakes and stays small")
    func idle() throws {
        let service = try RunningService(Program())
        #expect(try service.client().exchange(lines(1...100), total: 100).accepted == 100)
        #expect(try service.program.run("flush").status == 0)
        // What comes after the last event, putting it on disk, happens once it was quiet for a while.
        let isTidy = RunningService.poll {
            (try? service.program.folder.data.bufferFolder.names()) == []
        }
        #expect(isTidy)
        var wakeUps = try wakeUpsInTenSeconds(of: service)
        // The last look of the drain and the end of threads that it needed may fall into the first ten seconds.
        if wakeUps > 10 + 5 { wakeUps = try wakeUpsInTenSeconds(of: service) }
        let resident = try service.status("VmRSS")
        print("idle service: \(wakeUps) wake-ups in 10 s, \(resident) KiB resident")
        // They are those of the library under Swift's concurrency, which looks after its threads every second; the
        // service itself has nothing that moves. A few more are threads of its pool on their way to sleep.
        #expect(wakeUps <= 10 + 5)
        // A debug build takes about twice what a release build does.
        #expect(resident < 64 * 1024 * Program.memoryFactor)
    }

    private func wakeUpsInTenSeconds(of service: RunningService) throws -> Int {
        let before = try service.sleeps()
        // Time itself is what is measured here.
        sleep(10)
        // A thread that has ended since then counts no more; there are only a few.
        return try service.sleeps().reduce(0) { $0 + $1.value - before[$1.key, default: 0] }
    }
}

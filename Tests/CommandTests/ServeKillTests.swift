import Core
import Foundation
import Synchronization
import SystemSupport
import TestSupport
import Testing

/// What a `kill -9` of the service may not break.
struct ServeKillTests {
    /// How a client fared until the service was gone.
    private struct Fate: Sendable {
        /// Lines sent, in order from 1.
        var sent = 0
        /// Lines that the last acknowledgement covers.
        var acknowledged = 0
        /// Whether the end was noticed by an error or a closed connection and not by a timeout.
        var noticed = true
    }

    /// A line that tells the round, the client and its own number.
    private static func line(_ number: Int, from client: String, round: Int) -> String {
        #"{"command":"make","template_used":"\#(client)","services_count":\#(round),"duration_ms":\#(number),"#
            + #""success":\#(number % 3 != 0)}"# + "\n"
    }

    /// Sends numbered batches of 20 and notes what is acknowledged, until the service is gone.
    private static func socketClient(
        _ path: String, round: Int, progress: @escaping @Sendable (Int) -> Void
    ) -> Fate {
        var fate = Fate()
        do {
            let client = try UnixClient(path)
            while true {
                let batch = (fate.sent + 1...fate.sent + 20).map { line($0, from: "socket", round: round) }.joined()
                fate.sent += 20
                try client.send(batch)
                fate.acknowledged = max(fate.acknowledged, try client.acknowledgement(of: fate.sent).counts.accepted)
                if fate.acknowledged < fate.sent { return fate }
                progress(fate.acknowledged)
            }
        } catch {
            fate.noticed = (error as? UnixClient.Failure)?.isTimeout != true
            return fate
        }
    }

    /// Writes into the pipe until it has no reader.
    private static func pipeWriter(_ path: String, round: Int) -> Fate {
        var fate = Fate()
        do {
            let pipe = try File(opening: path, [.write, .nonBlocking])
            // Only the opening may not wait.
            _ = fcntl(pipe.descriptor, F_SETFL, 0)
            while true {
                try pipe.write(line(fate.sent + 1, from: "pipe", round: round))
                fate.sent += 1
            }
        } catch {
            fate.noticed = error.code == EPIPE
            return fate
        }
    }

    /// Runs one-shots until it is told to stop; the numbers of those that returned 0.
    private static func oneShots(
        _ program: Program, round: Int, until isOver: @escaping @Sendable () -> Bool
    ) throws -> [Int] {
        var recorded: [Int] = []
        var number = 0
        while !isOver() {
            number += 1
            let process = program.process([
                "--command", "make", "--template", "shot", "--services", "\(round)", "--duration-ms", "\(number)",
                "--success",
            ])
            process.executableURL = Program.url.deletingLastPathComponent().appending(path: "nexus-record")
            try process.run()
            process.waitUntilExit()
            if process.terminationStatus == 0 { recorded.append(number) }
        }
        return recorded
    }

    @Test("A service killed at 50 random instants under load loses no acknowledged event and duplicates none")
    func killedUnderLoad() throws {
        signal(SIGPIPE, SIG_IGN)
        let program = try Program()
        var random = SeededGenerator(seed: 20_261_124)
        var fates: [Fate] = []
        var shots: [[Int]] = []
        for round in 0..<50 {
            let service = try RunningService(program)
            let enough = DispatchSemaphore(value: 0)
            let target = Int.random(in: 20...1500, using: &random)
            let (socketPath, pipePath) = (service.runtime.socketPath, service.runtime.pipePath)
            let flag = Flag()
            let socket = BackgroundWork {
                Self.socketClient(socketPath, round: round) { if $0 >= target { enough.signal() } }
            }
            let pipe = BackgroundWork { Self.pipeWriter(pipePath, round: round) }
            let shot = BackgroundWork { try Self.oneShots(program, round: round) { flag.isSet } }
            #expect(enough.wait(timeout: .now() + 20) == .success, "round \(round) came to nothing")
            service.kill()
            flag.set()
            let start = ContinuousClock.now
            let (ofSocket, ofPipe) = (try socket.value(), try pipe.value())
            #expect(ContinuousClock.now - start < .seconds(5))
            #expect(ofSocket.noticed && ofPipe.noticed, "round \(round)")
            fates.append(ofSocket)
            shots.append(try shot.value())
        }
        #expect(shots.contains { !$0.isEmpty })
        #expect(try program.run("flush").status == 0)

        let doubled = "SELECT count(*) FROM (SELECT 1 FROM events GROUP BY template_used, services_count, duration_ms "
        #expect(try program.query(doubled + "HAVING count(*) > 1)") == "0")
        let ofSocket = try program.query(
            "SELECT services_count, count(*), max(duration_ms) FROM events WHERE template_used = 'socket' GROUP BY 1")
        var found: [Int: Int] = [:]
        for row in ofSocket.split(separator: "\n") {
            let numbers = row.split(separator: "|").compactMap { Int($0) }
            #expect(numbers[1] == numbers[2], "round \(numbers[0]) has gaps")
            found[numbers[0]] = numbers[1]
        }
        for (round, fate) in fates.enumerated() {
            #expect(found[round, default: 0] >= fate.acknowledged, "round \(round)")
            #expect(found[round, default: 0] <= fate.sent, "round \(round)")
        }
        let ofShots = try program.query(
            "SELECT services_count || ' ' || duration_ms FROM events WHERE template_used = 'shot'")
        let stored = Set(ofShots.split(separator: "\n").map(String.init))
        for (round, numbers) in shots.enumerated() {
            for number in numbers { #expect(stored.contains("\(round) \(number)")) }
        }
        try program.checkTables()
    }
}

/// Something that is so from one moment on, for several threads to look at.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

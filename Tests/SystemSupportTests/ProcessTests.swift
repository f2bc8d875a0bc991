import Foundation
import Synchronization
import TestSupport
import Testing

@testable import SystemSupport

@Suite("Processes, threads, clocks and days")
struct ProcessTests {
    @Test("A process is distinguished from a later one with its id")
    func identity() {
        let own = ProcessIdentity.current()
        #expect(own.processID == getpid() && own.startTime > 0 && own == ProcessIdentity(processID: own.processID))
        #expect(own != ProcessIdentity(processID: own.processID, startTime: own.startTime + 1))
        #expect(ProcessIdentity(processID: .max).startTime == 0)
        #expect(ProcessIdentity.bootID()?.count == 16)
    }

    @Test("The environment and the arguments of this process are found")
    func environment() throws {
        #expect(Environment.value("PATH") == Environment.allByName["PATH"])
        #expect(Environment.value("NEXUS_TEST_THAT_IS_NOT_SET") == nil)
        #expect(WorkingFolder.path == FileManager.default.currentDirectoryPath)
        #expect(RawArgument.ofThisProcess.map(\.text) == Array(CommandLine.arguments.dropFirst()))
        let program = try #require(ExecutablePath.current)
        #expect(program == SymbolicLink.resolved("/proc/self/exe"))
        #expect(RawArgument("ä").exactText == "ä" && RawArgument("a") == RawArgument("a"))
        #expect(
            File.standardInput.descriptor == 0 && File.standardOutput.descriptor == 1
                && File.standardError.descriptor == 2)
    }

    @Test("A program that cannot be started is an error with the reason")
    func cannotStart() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/program"
        #expect(throws: SystemError("run", path, code: 2)) { _ = try ChildProcess(detached: [RawArgument(path)]) }
        try File(opening: path, [.write, .create]).write("true\n")
        do {
            _ = try ChildProcess(detached: [RawArgument(path)])
            Issue.record("a file without the permission to run was run")
        } catch {
            #expect(error.isNotExecutable)
        }
    }

    /// Starts a program that was just written. A process that another test is starting at this instant may have the file open
    /// for writing, until it becomes that test's program.
    private func start(_ words: [String]) throws {
        while true {
            let result = Result { () throws(SystemError) in
                try ChildProcess(detached: words.map { RawArgument($0) })
            }
            guard case .failure(let error) = result, error.code == ETXTBSY else {
                _ = try result.get()
                return
            }
        }
    }

    @Test("A script without a first line for the system is run by the shell")
    func script() throws {
        let folder = try TemporaryFolder()
        let pipe = try NamedPipe.create(folder.path + "/pipe", capacity: 4096)
        let path = folder.path + "/program"
        try File(opening: path, [.write, .create]).write("echo \"$1\" >\(folder.path)/pipe\n")
        try File(opening: path, .read).setPermissions(0o700)
        try start([path, "argument"])
        #expect(try pipe.waitForInput(atMost: .seconds(60)))
        #expect(try pipe.read(9).text == "argument\n")
    }

    @Test("A program on a terminal reads what is typed, and is ended with its children")
    func terminal() throws {
        let process = try TerminalProcess(
            ["sh", "-c", "sleep 1000 & read -r line; echo \"<$line $NAME>\"; exec cat"].map { RawArgument($0) },
            environment: ["PATH=/usr/bin:/bin", "NAME=value"])
        process.type("text\r")
        let deadline = ContinuousClock.now + .seconds(60)
        while !process.output.text.contains("<text value>"), ContinuousClock.now < deadline {
            process.read(atMost: .milliseconds(50))
        }
        #expect(process.output.text.contains("<text value>"))
        #expect(!process.isOver && process.programName != nil)
        process.waitForOthers(atMost: .zero)
        process.end()
        process.end()
        #expect(process.programName == nil)
    }

    @Test("The end of a program on a terminal is noticed, and one that is missing is an error")
    func terminalEnds() throws {
        let process = try TerminalProcess(
            ["sh", "-c", "exit 3"].map { RawArgument($0) }, environment: ["PATH=/usr/bin:/bin"])
        let deadline = ContinuousClock.now + .seconds(60)
        while !process.isOver, ContinuousClock.now < deadline { process.read(atMost: .milliseconds(50)) }
        #expect(process.isOver && !process.read(atMost: .seconds(60)))
        process.waitForOthers(atMost: .seconds(60))
        #expect(throws: SystemError.self) {
            _ = try TerminalProcess([RawArgument("/nonexistent/sh")], environment: [])
        }
    }

    // A shortage of files, which would be one of all tests of this process, is tested with a program.
    @Test("A shortage of memory is reported with the way out")
    func resources() {
        let some = ProcessResources(files: 4, threads: 2, memory: 1 << 20)
        #expect(some.findShortage() == nil && ProcessResources.processors >= 1)
        let memory = ProcessResources(files: 0, threads: 0, memory: 1 << 60).findShortage()
        #expect(memory?.contains("MiB of memory cannot be allocated: cannot allocate memory") == true)
        #expect(FileLimit.raise() >= FileLimit.current - 1)
    }

    @Test("A listening socket and a pipe that a service manager passed are found by their kind")
    func passed() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/pipe"
        let pipe = try NamedPipe.create(path, capacity: 4096)
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                // With the family alone the system chooses a name that is no file's.
                _ = unsafe bind(listener, $0, socklen_t(MemoryLayout<sa_family_t>.size))
            }
        }
        #expect(listen(listener, 1) == 0)
        // Numbers that no other test has opened.
        let base = fcntl(pipe.descriptor, F_DUPFD_CLOEXEC, 700)
        let second = fcntl(listener, F_DUPFD_CLOEXEC, base + 1)
        defer {
            close(base)
            close(second)
        }
        func passed(_ variables: [String: String]) -> PassedDescriptors {
            PassedDescriptors(from: base) { variables[$0] }
        }
        let count = String(second - base + 1)
        let all = passed(["LISTEN_PID": String(getpid()), "LISTEN_FDS": count])
        #expect(all.socket == second && all.pipe?.descriptor == base && all.pipe?.path == SymbolicLink.resolved(path))
        for variables in [
            [:], ["LISTEN_PID": String(getppid()), "LISTEN_FDS": count],
            ["LISTEN_PID": String(getpid()), "LISTEN_FDS": "0"],
        ] {
            let none = passed(variables)
            #expect(none.socket == nil && none.pipe == nil)
        }
    }

    @Test("A bounded queue passes elements in order, and ends on either side")
    func queue() async throws {
        let queue = BoundedQueue<Int>(capacity: 2)
        async let produced = Task.detached {
            for number in 0..<100 { guard queue.put(number) else { return false } }
            queue.end()
            return true
        }.value
        let taken = Task.detached {
            var taken: [Int] = []
            while let number = try queue.take() { taken.append(number) }
            return taken
        }
        #expect(try await taken.value == Array(0..<100))
        #expect(await produced)
        let failed = BoundedQueue<Int>(capacity: 1)
        #expect(failed.put(1))
        failed.end(SystemError("read", "/a", code: 5))
        failed.end()
        #expect(throws: SystemError("read", "/a", code: 5)) { try failed.take() }
        let abandoned = BoundedQueue<Int>(capacity: 1)
        abandoned.abandon()
        #expect(!abandoned.put(1))
    }

    /// Blocks on a thread of its own.
    private actor Blocking {
        private let executor = ThreadExecutor()
        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
        private var order: [Int] = []

        func note(_ number: Int) -> (thread: UInt, order: [Int]) {
            order.append(number)
            return (UInt(pthread_self()), order)
        }
    }

    @Test("An actor on a thread of its own runs its work there, one after the other")
    func executor() async {
        let actor = Blocking()
        var threads: Set<UInt> = []
        for number in 0..<20 {
            let (thread, order) = await actor.note(number)
            threads.insert(thread)
            #expect(order == Array(0...number))
        }
        #expect(threads.count == 1)
        let other = await Blocking().note(0).thread
        #expect(!threads.contains(other))
    }

    @Test("Clocks go on")
    func clocks() {
        let start = SystemClock.monotonicNanoseconds()
        #expect(SystemClock.monotonicNanoseconds() >= start && SystemClock.processorNanoseconds() > 0)
        #expect(SystemClock().now() > 1_700_000_000_000)
    }

    @Test(
        "A text is a day only if the day exists",
        arguments: [
            ("2026-02-28", true), ("2024-02-29", true), ("2026-02-29", false), ("2026-13-01", false),
            ("2026-1-01", false),
            ("26-01-01", false), ("1969-12-31", false), ("2026-01-+1", false), ("2026-01-01x", false), ("", false),
        ])
    func day(text: String, exists: Bool) {
        #expect(LocalCalendar.Day(text)?.text == (exists ? text : nil))
    }

    @Test("A day begins at its first instant in every zone, and days past a month's end continue into the next")
    func days() {
        let day = LocalCalendar.Day(year: 2026, month: 3, day: 29)
        let start = LocalCalendar.start(of: day)
        #expect(LocalCalendar.day(of: start) == day && LocalCalendar.day(of: start - 1) < day)
        #expect(LocalCalendar.hour(of: start) == 0 && LocalCalendar.timeOfDay(of: start) == "00:00:00")
        #expect(LocalCalendar.day(of: LocalCalendar.start(of: day, plusDays: 3)).text == "2026-04-01")
        #expect(LocalCalendar.day(of: -1) <= LocalCalendar.day(of: 0))
    }

    @Test("A zone that the machine does not know is named, a rule and an empty zone are fine")
    func zones() {
        func unknown(_ zone: String?, in folder: String? = nil) -> String? {
            LocalCalendar.unknownZone { $0 == "TZ" ? zone : $0 == "TZDIR" ? folder : nil }
        }
        for zone in [nil, "", ":", "UTC", "CET-1CEST", "<+0530>-5:30", "/usr/share/zoneinfo/UTC"] {
            #expect(unknown(zone) == nil, "\(zone ?? "none")")
        }
        for zone in ["Nowhere/City", "Europe", "<x", "C-1", "/etc/passwd"] { #expect(unknown(zone) == zone) }
        #expect(
            unknown(":Nowhere/City") == "Nowhere/City"
                && unknown("Europe/Berlin", in: "/nonexistent") == "Europe/Berlin")
        #expect(!LocalCalendar.zoneName.isEmpty)
    }
}

import Foundation
import SystemSupport
import TestSupport
import Testing

/// `nexus report --watch` as a process.
struct ReportWatchTests {
    @Test("--watch rewrites a page until a signal stops it, and the command returns 0")
    func watched() throws {
        let program = try Program()
        #expect(try program.run("record", "--command", "first").status == 0)
        let file = program.folder.path + "/page.html"
        let process = program.process(["report", "-o", file, "--watch", "--refresh", "1"])
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        defer { process.terminate() }
        #expect(page(file, has: ">first<"))
        #expect(try program.run("record", "--command", "second").status == 0)
        #expect(page(file, has: ">second<"))
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        #expect(FileStatus(of: file)?.permissions == 0o600)
        let names = try Folder(program.folder.path).names()
        #expect(!names.contains { $0.hasPrefix(ScratchFolder.prefix) }, "\(names)")
    }

    /// Waits until a file, which other processes write, has a text; false if it has not within a minute.
    private func page(_ file: String, has text: String) -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if (try? String(contentsOfFile: file, encoding: .utf8))?.contains(text) == true { return true }
            usleep(20_000)
        }
        return false
    }
}

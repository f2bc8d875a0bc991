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
        let folder = Folder(program.folder.path + "/pages")
        try folder.prepare()
        let watch = try FolderWatch(folder)
        let process = program.process(
            ["--foreground", "60", Program.url.path, "report", "-o", folder.path(of: "page.html"), "--watch"]
                + ["--refresh", "1"])
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        defer { process.terminate() }
        let end = File(takingOver: dup(errors.fileHandleForReading.fileDescriptor), path: "standard error")
        #expect(try waits(for: ">first<", in: folder, watch, end))
        #expect(try program.run("record", "--command", "second").status == 0)
        #expect(try waits(for: ">second<", in: folder, watch, end))
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        #expect(FileStatus(of: folder.path(of: "page.html"))?.permissions == 0o600)
        let names = try folder.names()
        #expect(!names.contains { $0.hasPrefix(ScratchFolder.prefix) }, "\(names)")
    }

    /// Waits until the page of a folder has a text. Returns false if the process that writes it has ended without it, which
    /// closes its standard error.
    private func waits(
        for text: String, in folder: Folder, _ watch: borrowing FolderWatch, _ end: borrowing File
    ) throws -> Bool {
        func isThere() -> Bool {
            (try? String(contentsOfFile: folder.path(of: "page.html"), encoding: .utf8))?.contains(text) == true
        }
        while !isThere() {
            guard try watch.wait(for: end, rest: .zero) == .change else { return isThere() }
        }
        return true
    }
}

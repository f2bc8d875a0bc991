import Foundation
import Platform
import TestSupport
import Testing

struct DetachedProcessTests {
    @Test("A program on its own feet has nothing of what its starter had open")
    func descriptors() async throws {
        let folder = try TemporaryFolder()
        let list = folder.path + "/list"
        // Not closed by the system when a program is started, as what a shell hands down is not.
        let open = dup(0)
        defer { close(open) }
        #expect(open > 2)
        let script = "for f in /proc/$$/fd/*; do echo ${f##*/}; done >\(list).new; mv \(list).new \(list)"
        _ = try ChildProcess(detached: ["/bin/sh", "-c", script].map(ProgramArgument.init))
        for _ in 0..<1000 where !FileManager.default.fileExists(atPath: list) { usleep(5000) }
        let found = try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(!found.isEmpty && !found.contains("\(open)"), "\(found)")
    }
}

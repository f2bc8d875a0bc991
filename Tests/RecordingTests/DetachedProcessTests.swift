import Foundation
import SystemSupport
import TestSupport
import Testing

struct DetachedProcessTests {
    @Test("A detached program has no open file of its parent", .timeLimit(.minutes(5)))
    func descriptors() async throws {
        let folder = try TemporaryFolder()
        let pipe = folder.path + "/pipe"
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        // Not closed by the system when a program is started, as what a shell hands down is not.
        let open = dup(0)
        defer { close(open) }
        #expect(open > 2)
        let script = "for f in /proc/$$/fd/*; do echo ${f##*/}; done >\(pipe)"
        _ = try ChildProcess(detached: ["/bin/sh", "-c", script].map(RawArgument.init))
        let reader = try #require(FileHandle(forReadingAtPath: pipe))
        let output = try reader.readToEnd() ?? Data()
        let found = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(!found.isEmpty && !found.contains("\(open)"), "\(found)")
    }
}

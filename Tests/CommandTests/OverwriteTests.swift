import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Overwriting by a purge")
struct OverwriteTests {
    @Test("'purge --all' overwrites segments and the lines of a file in place of the pipe before it frees their blocks")
    func overwritten() throws {
        let program = try Program()
        #expect(try program.run("record", "--command", "make", "--workspace", "acme").status == 0)
        let data = program.folder.data
        let pipe = data.folder.path(of: "pipe")
        try Data(#"{"command":"make","workspace":"raw-name"}"#.utf8).write(to: URL(filePath: pipe))
        // A second name keeps the blocks of a file in sight.
        var kept: [String] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: data.bufferFolder.path) {
            kept.append(program.folder.path + "/" + name)
            try FileManager.default.linkItem(atPath: data.bufferFolder.path(of: name), toPath: kept[0])
        }
        kept.append(program.folder.path + "/lines")
        try FileManager.default.linkItem(atPath: pipe, toPath: kept[1])
        #expect(try program.run("telemetry", "purge", "--all", "--yes").status == 0)
        #expect(kept.count == 2)
        for path in kept {
            let bytes = try Data(contentsOf: URL(filePath: path))
            #expect(!bytes.isEmpty && bytes.allSatisfy { $0 == 0 }, "\(path)")
        }
    }
}

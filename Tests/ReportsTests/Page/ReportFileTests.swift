import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import Reports

/// Where a page is written, and what is never replaced.
struct ReportFileTests {
    private let folder: TemporaryFolder
    private let page = "<!doctype html>\n<!-- Nexus report, version 1 -->\n<p>1</p>\n"

    init() throws {
        folder = try TemporaryFolder()
    }

    private func path(_ name: String) -> String { folder.path + "/" + name }

    private func content(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    @Test("A page is its owner's alone, and the next one replaces it")
    func written() throws {
        let file = try ReportFile(path("report.html"))
        try file.write(page)
        #expect(FileStatus(of: file.path)?.permissions == 0o600)
        let inode = FileStatus(of: file.path)?.inode
        try file.write(page + "<p>2</p>\n")
        #expect(try content("report.html").hasSuffix("<p>2</p>\n"))
        #expect(FileStatus(of: file.path)?.inode != inode, "a reader of the old one reads it to its end")
        #expect(try Folder(folder.path).names() == ["report.html"], "nothing else is left")
    }

    @Test("A link, a folder, and a file that is no page are refused and stay as they are")
    func refused() throws {
        try Data("my notes\n".utf8).write(to: URL(filePath: path("notes.html")))
        try Data(page.utf8).write(to: URL(filePath: path("target.html")))
        try FileManager.default.createSymbolicLink(atPath: path("link.html"), withDestinationPath: path("target.html"))
        try FileManager.default.createSymbolicLink(atPath: path("dangling.html"), withDestinationPath: path("nothing"))
        try FileManager.default.createDirectory(atPath: path("folder"), withIntermediateDirectories: false)
        try Data().write(to: URL(filePath: path("empty.html")))
        for (name, occupant) in [
            ("notes.html", "a file that is no report of Nexus"), ("link.html", "a symbolic link"),
            ("dangling.html", "a symbolic link"), ("folder", "a folder"),
            ("empty.html", "a file that is no report of Nexus"),
        ] {
            let error = #expect(throws: ReportFileError.self) { try ReportFile(path(name)).write(page) }
            #expect(error == .occupied(path(name), by: occupant))
            #expect(error?.description == "cannot write \(path(name)): \(occupant) is there; give another name with -o")
        }
        for name in ["", "/", ".", "a/..", "folder/"] {
            #expect(throws: ReportFileError.self) { try ReportFile(name) }
        }
        #expect(try content("notes.html") == "my notes\n" && content("target.html") == page)
        #expect(!FileManager.default.fileExists(atPath: path("nothing")))
        #expect(throws: SystemError.self) { try ReportFile(path("absent/report.html")).write(page) }
    }

    @Test("The file in the temporary folder is in a folder of the user's own")
    func temporary() throws {
        let file = try ReportFile.temporary(folder.path, user: ThisProcess.userID)
        #expect(file.path == path("nexus-\(ThisProcess.userID)/nexus-report.html"))
        #expect(FileStatus(of: path("nexus-\(ThisProcess.userID)"))?.permissions == 0o700)
        try file.write(page)
        // A folder that another user could have prepared.
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o777], ofItemAtPath: path("nexus-\(ThisProcess.userID)"))
        #expect(throws: SystemError.self) { try ReportFile.temporary(folder.path, user: ThisProcess.userID) }
        try FileManager.default.createSymbolicLink(atPath: path("nexus-7"), withDestinationPath: folder.path)
        #expect(throws: SystemError.self) { try ReportFile.temporary(folder.path, user: 7) }
        #expect(try ReportFile.temporary("relative", user: ThisProcess.userID).path.hasPrefix("/tmp/nexus-"))
    }

    @Test("A page is opened by xdg-open with an absolute path, not as root and not without a display")
    func opened() throws {
        let file = try ReportFile("-report.html")
        var started: [[String]] = []
        func open(isRoot: Bool, _ variables: [String: String], fails: Bool = false) -> String? {
            ReportOpening.open(file, isRoot: isRoot, environment: { variables[$0] }) { arguments throws(SystemError) in
                if fails { throw SystemError("run", "xdg-open", code: ENOENT) }
                started.append(arguments.map(\.text))
            }
        }
        #expect(open(isRoot: true, ["DISPLAY": ":0"])?.contains("as root") == true)
        #expect(open(isRoot: false, [:])?.contains("no display") == true)
        #expect(open(isRoot: false, ["DISPLAY": ""])?.contains("no display") == true)
        #expect(started.isEmpty)
        #expect(open(isRoot: false, ["WAYLAND_DISPLAY": "wayland-0"]) == nil)
        #expect(started == [["xdg-open", FileManager.default.currentDirectoryPath + "/-report.html"]])
        #expect(open(isRoot: false, ["DISPLAY": ":0"], fails: true)?.contains("no such file") == true)
    }
}

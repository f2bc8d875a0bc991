import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Choice of the data folder")
struct DataFolderTests {
    /// Calls that record, read and change the settings.
    private static let calls = [
        ["record", "--command", "make"], ["record", "--stdin"], ["session", "start"], ["serve"], ["stats"], ["flush"],
        ["telemetry", "status"], ["telemetry", "off"], ["telemetry", "purge", "--all", "--yes"], ["doctor"],
    ]

    /// Runs a program in a folder of the test's; its status and what it wrote to standard error.
    private func run(_ program: Program, _ executable: String, _ arguments: [String]) throws -> (Int32, String) {
        let process = program.process(arguments)
        process.executableURL = URL(filePath: Program.path(of: executable))
        process.currentDirectoryURL = URL(filePath: program.folder.path)
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let data = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    @Test(
        "A NEXUS_DATA_DIR that is not an absolute path is refused, and no folder is made",
        arguments: ["data", "~/data", "./data", "../x"])
    func relative(path: String) throws {
        var program = try Program()
        program.environment["NEXUS_DATA_DIR"] = path
        for (executable, arguments) in Self.calls.map({ ("nexus", $0) }) + [("nexus-record", ["--command", "make"])] {
            let (status, errors) = try run(program, executable, arguments)
            #expect(status == 78 && errors.contains("'\(path)' is not an absolute path"), "\(arguments): \(errors)")
        }
        // What 'exec' runs is run, whatever becomes of recording it.
        #expect(try run(program, "nexus", ["exec", "--", "true"]).0 == 0)
        program.environment["DO_NOT_TRACK"] = "1"
        #expect(try run(program, "nexus-record", ["--command", "make"]).0 == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: program.folder.path) == [])
    }

    @Test("A data folder that is a link to a folder of the user's is followed")
    func ownLink() throws {
        var program = try Program()
        let real = program.folder.path + "/real"
        try FileManager.default.createDirectory(
            atPath: real, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        for (name, target) in [("absolute", real), ("relative", "real"), ("twice", "absolute")] {
            let link = program.folder.path + "/" + name
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            program.environment["NEXUS_DATA_DIR"] = link
            #expect(try run(program, "nexus", ["record", "--command", name]).0 == 0)
            #expect(try run(program, "nexus-record", ["--command", name]).0 == 0)
            #expect(try run(program, "nexus", ["flush"]).0 == 0)
        }
        program.environment["NEXUS_DATA_DIR"] = real
        #expect(try program.run("stats", "--json").output.contains(#""commands" : 6"#))
    }

    @Test("A data folder that is a link to nothing, to a file or to another user's folder is refused by its name")
    func otherLinks() throws {
        var program = try Program()
        try Data().write(to: URL(filePath: program.folder.path + "/file"))
        let foreign = program.folder.path + "/foreign"
        try FileManager.default.createDirectory(atPath: foreign, withIntermediateDirectories: false)
        // Only root can make a folder of another user's; for any other user the root folder is one.
        let isRoot = unsafe chown(foreign, 65_534, 65_534) == 0
        for target in ["nowhere", "file", isRoot ? "foreign" : "/"] {
            let link = program.folder.path + "/link"
            try? FileManager.default.removeItem(atPath: link)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            program.environment["NEXUS_DATA_DIR"] = link
            for (executable, arguments) in [("nexus", ["stats"]), ("nexus-record", ["--command", "make"])] {
                let (status, errors) = try run(program, executable, arguments)
                #expect(status == 77 && errors.contains("\(link): it is a symbolic link"), "\(errors)")
            }
        }
    }
}

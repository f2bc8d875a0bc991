import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Files and folders")
struct FileTests {
    private let temporary: TemporaryFolder
    private var folder: Folder { Folder(temporary.path) }

    init() throws {
        temporary = try TemporaryFolder()
    }

    private func write(_ name: String, _ text: String = "") throws {
        try File(opening: folder.path(of: name), [.write, .create, .truncate]).write(text)
    }

    private func read(_ name: String) throws -> String {
        var bytes: [UInt8] = []
        let file = try File(opening: folder.path(of: name), .read)
        while try file.read(appendingTo: &bytes, limit: 3) > 0 {}
        return bytes.text
    }

    private func error(_ work: () throws(SystemError) -> Void) -> SystemError? {
        do { try work() } catch { return error }
        return nil
    }

    @Test("A new file is the owner's alone, and is written and read in parts")
    func content() throws {
        try write("a", "hello")
        #expect(FileStatus(of: folder.path(of: "a"))?.permissions == 0o600)
        #expect(try read("a") == "hello")
        let file = try File(opening: folder.path(of: "a"), .readWrite)
        try file.write(Array("J".utf8).span, at: 0)
        var bytes: [UInt8] = [0x3E]
        #expect(try file.read(appendingTo: &bytes, at: 1, limit: 3) == 3 && bytes.text == ">ell")
        #expect(try file.read(2) == Array("Je".utf8) && file.read(9) == Array("llo".utf8))
        try file.truncate(to: 2)
        try file.synchronizeData()
        file.startWritingOut()
        #expect(try file.status().size == 2 && file.status().isRegular)
        #expect(try file.freeSpace() > 0 && !file.isTerminal)
        try file.setPermissions(0o640)
        #expect(FileStatus(of: file.path)?.permissions == 0o640)
    }

    @Test("Files that cannot be used as files are refused")
    func refused() throws {
        try write("a")
        try FileManager.default.createSymbolicLink(atPath: folder.path(of: "link"), withDestinationPath: "a")
        #expect(
            error { () throws(SystemError) in _ = try File(opening: folder.path(of: "link"), .read) }?.isPermission
                == true)
        _ = try File(opening: folder.path(of: "link"), [.read, .followingLinks])
        #expect(
            error { () throws(SystemError) in _ = try File(opening: folder.path, [.read, .regular]) }?.isNotAFile
                == true)
        let path = folder.path(of: "pipe")
        let pipe = try NamedPipe.create(path, capacity: 4096)
        _ = consume pipe
        #expect(
            error { () throws(SystemError) in _ = try File(opening: path, [.write, .regular]) }?.isNotAFile == true)
        #expect(error { () throws(SystemError) in _ = try File(opening: path + "/x", .read) }?.isInNoFolder == true)
    }

    @Test("A lock keeps others out until it is released")
    func locks() throws {
        try write("a")
        let first = try File(opening: folder.path(of: "a"), .read)
        let second = try File(opening: folder.path(of: "a"), .read)
        try first.lock()
        #expect(try !second.tryLock() && !second.lock(within: .milliseconds(2)))
        first.unlock()
        #expect(try second.lock(within: .seconds(5)) && !first.tryLock())
    }

    @Test("A file that was moved or replaced is no longer at its path")
    func paths() throws {
        try write("a", "1")
        let file = try File(opening: folder.path(of: "a"), .read)
        #expect(try file.isAtItsPath() && file.statusAtItsPath()?.size == 1)
        let before = FileStamp(of: file.path)
        #expect(before == FileStamp(of: file.path) && FileIdentity(of: file.path) != nil)
        try folder.rename("a", to: "b")
        #expect(try !file.isAtItsPath() && FileStamp(of: file.path) == nil && FileIdentity(of: file.path) == nil)
        try write("a", "1")
        #expect(try !file.isAtItsPath() && FileStamp(of: file.path) != before)
        #expect(FileIdentity(of: folder.path(of: "a")) != FileIdentity(of: folder.path(of: "b")))
    }

    @Test("The kind of what has a name is known without opening it")
    func kinds() throws {
        try write("file")
        try FileManager.default.createSymbolicLink(atPath: folder.path(of: "link"), withDestinationPath: "gone")
        let pipe = try NamedPipe.create(folder.path(of: "pipe"), capacity: 4096)
        try Folder(folder.path(of: "folder")).prepare()
        let kinds = ["file", "link", "pipe", "folder"].map { FileStatus(of: folder.path(of: $0))?.kind }
        #expect(kinds == [.file, .link, .pipe, .folder] && FileStatus(of: folder.path(of: "none")) == nil)
        #expect(FileStatus(of: "/dev/null")?.kind == .other && FileStatus(of: folder.path)?.isOwn == true)
        let occupants = try ["file", "link", "pipe", "folder", "none"].map { try folder.occupant(of: $0) }
        #expect(occupants == [.file, .symbolicLink, .other, .folder, .nothing])
        #expect(throws: SystemError.self) { try folder.occupant(of: "file/x") }
        _ = consume pipe
    }

    @Test("A pipe is offered text only if a process reads it, and never blocks")
    func pipes() throws {
        let path = folder.path(of: "pipe")
        #expect(!NamedPipe.offer("x", to: path) && NamedPipe.waitingBytes(in: path) == 0)
        let pipe = try NamedPipe.create(path, capacity: 4096)
        #expect(try !pipe.waitForInput(atMost: .zero))
        #expect(NamedPipe.offer("line\n", to: path) && NamedPipe.waitingBytes(in: path) == 5)
        #expect(try pipe.waitForInput(atMost: .seconds(5)))
        #expect(!NamedPipe.offer(String(repeating: "x", count: 100_000), to: path), "it is full")
        #expect(throws: SystemError.self) { _ = try NamedPipe.create(path, capacity: 1) }
    }

    @Test("Folders are made with what is missing above, for the owner alone")
    func makesFolders() throws {
        let deep = Folder(folder.path(of: "a/b/c"))
        try deep.prepare()
        #expect(deep.exists && FileStatus(of: deep.path)?.permissions == 0o700 && deep.isWritable)
        #expect(deep.parent.parent == Folder(folder.path(of: "a")) && deep.name == "c")
        #expect(Folder("/x").parent.path == "/" && Folder("x").parent.path == "." && Folder("/").name == "/")
        try write("file")
        #expect(throws: SystemError.self) { try Folder(folder.path(of: "file/x")).prepare() }
        try File(opening: deep.path, [.read, .folder]).setPermissions(0o722)
        let error = error { () throws(SystemError) in try deep.requireOwn() }
        #expect(error?.description.contains("that others may write to (run 'chmod go-w' on it)") == true)
        #expect(throws: SystemError.self) { try deep.requireOwnIfThere() }
        try Folder(folder.path(of: "none")).requireOwnIfThere()
        try deep.requireReadableIfThere()
    }

    @Test("Names of a folder are listed, renamed, linked and removed")
    func names() throws {
        try write("a", "12345")
        try Folder(folder.path(of: "sub")).prepare()
        try write("sub/b", "123")
        #expect(try Set(folder.names()) == ["a", "sub"] && Folder(folder.path(of: "none")).names().isEmpty)
        #expect(try folder.size() == 8 && folder.size(of: "a") == 5 && folder.size(of: "none") == nil)
        #expect(try folder.link("a", as: "second") && !folder.link("a", as: "second"))
        #expect(throws: SystemError.self) { try folder.link("none", as: "third") }
        try folder.take("b", from: Folder(folder.path(of: "sub")), as: "taken")
        #expect(try read("taken") == "123" && folder.removeFolder("sub") && !folder.removeFolder("sub"))
        #expect(throws: SystemError.self) { try folder.take("none", from: folder, as: "x") }
        #expect(throws: SystemError.self) { try folder.rename("none", to: "x") }
        try folder.remove("a")
        try folder.remove("a")
        try folder.synchronize()
        #expect(!folder.has("a") && folder.has("second"))
    }

    @Test("Overwriting a removed file also erases the content under its second name")
    func overwrites() throws {
        try write("a", String(repeating: "secret", count: 20_000))
        _ = try folder.link("a", as: "second")
        try folder.removeOverwriting("a")
        #expect(!folder.has("a"))
        #expect(try read("second").utf8.allSatisfy { $0 == 0 } && folder.size(of: "second") == 120_000)
        try folder.removeOverwriting("none")
        try FileManager.default.createSymbolicLink(atPath: folder.path(of: "link"), withDestinationPath: "second")
        try folder.removeOverwriting("link")
        #expect(!folder.has("link") && folder.has("second"))
    }

    @Test("A scratch folder is removed with its value, and one of a killed process with the next")
    func scratch() throws {
        let left = Folder(folder.path(of: ScratchFolder.prefix + "left"))
        try Folder(left.path(of: "sub")).prepare()
        try write(left.name + "/sub/file")
        do {
            let scratch = try ScratchFolder(in: folder)
            #expect(try folder.names() == [scratch.name] && scratch.path(of: "x") == scratch.folder.path + "/x")
            ScratchFolder.removeLeftovers(in: folder)
            #expect(scratch.folder.exists, "its lock is held")
        }
        #expect(try folder.names().isEmpty)
        #expect(throws: SystemError.self) { _ = try ScratchFolder(in: Folder(folder.path(of: "none"))) }
    }

    @Test("A watched folder reports changes and its removal")
    func watch() throws {
        let watched = Folder(folder.path(of: "watched"))
        try watched.prepare()
        let watch = try FolderWatch(watched)
        let pipe = try NamedPipe.create(folder.path(of: "pipe"), capacity: 4096)
        try write("watched/a")
        #expect(try watch.wait(for: pipe, rest: .zero) == .change)
        #expect(NamedPipe.offer("x", to: pipe.path))
        #expect(try watch.wait(for: pipe, rest: .zero) == .input)
        #expect(try pipe.read(1) == [0x78])
        try folder.rename("watched", to: "moved")
        #expect(throws: SystemError.self) { try watch.wait(for: pipe, rest: .zero) }
        #expect(throws: SystemError.self) { _ = try FolderWatch(watched) }
    }

    @Test("Links are read and followed")
    func links() throws {
        try write("a")
        try FileManager.default.createSymbolicLink(atPath: folder.path(of: "link"), withDestinationPath: "a")
        #expect(SymbolicLink.target(of: folder.path(of: "link")) == "a")
        #expect(SymbolicLink.target(of: folder.path(of: "a")) == nil)
        #expect(SymbolicLink.resolved(folder.path(of: "link")) == SymbolicLink.resolved(folder.path(of: "a")))
        #expect(SymbolicLink.resolved(folder.path(of: "none")) == nil)
    }
}

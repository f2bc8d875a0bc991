import SystemSupport
import TestSupport
import Testing

struct ScratchFolderTests {
    @Test("Scratch folders that are made and cleared away at the same time disturb no other")
    func concurrent() async throws {
        let temporary = try TemporaryFolder()
        let parent = Folder(temporary.path + "/parent")
        try parent.prepare()
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var made = 0
                    for _ in 0..<200 {
                        guard let scratch = try? ScratchFolder(in: parent) else { continue }
                        made += FileStatus(of: scratch.folder.path)?.kind == .folder ? 1 : 0
                    }
                    return made
                }
            }
            for await made in group { #expect(made == 200) }
        }
        let left = try parent.names()
        #expect(left.isEmpty, "\(left)")
        withExtendedLifetime(temporary) {}
    }

    @Test("The error for a parent that does not exist names the parent")
    func missingParent() throws {
        let parent = try TemporaryFolder().path + "/missing"
        let error = #expect(throws: SystemError.self) { _ = try ScratchFolder(in: Folder(parent)) }
        #expect(error?.description == "cannot create a file in \(parent): no such file or directory")
    }
}

import Core
import SystemSupport

/// A service's lock on its data folder, which keeps a second service from starting. The holder removes files of a killed service,
/// and only then creates its own.
struct ServiceHome: ~Copyable, Sendable {
    let runtime: RuntimeFolder
    private let lock: File
    /// Names that a service manager has created and keeps.
    private let passedNames: [String]

    /// Locks the folder; nil when another service holds the lock. `passed` are the socket and the pipe that a service manager has
    /// opened: their names are not removed.
    init?(for data: DataFolder, in runtime: RuntimeFolder, _ passed: PassedDescriptors) throws(SystemError) {
        try data.folder.prepare()
        try runtime.folder.prepare()
        let lock = try File(opening: runtime.lockPath, [.readWrite, .create, .regular])
        guard try lock.tryLock() else { return nil }
        self.runtime = runtime
        self.lock = lock
        passedNames =
            (passed.socket == nil ? [] : [RuntimeFolder.socketName])
            + (passed.pipe == nil ? [] : [RuntimeFolder.pipeName])
    }

    /// Writes the service's process number to a file, for shells that check for a service without starting one.
    func announce() throws(SystemError) {
        let name = RuntimeFolder.processName
        let file = try File(opening: runtime.folder.path(of: name + ".new"), [.write, .create, .truncate, .regular])
        try file.write("\(ProcessIdentity.current().processID)\n")
        try runtime.folder.rename(name + ".new", to: name)
    }

    /// Creates the folder that the hook of bash uses. It cannot on a file system without hard links to a pipe; the hook then
    /// starts the recorder.
    func admitHooks() throws(SystemError) {
        removeHooksFolder()
        let folder = runtime.hooksFolder
        try folder.prepare()
        _ = try runtime.folder.link(
            RuntimeFolder.pipeName, as: RuntimeFolder.hooksName + "/" + RuntimeFolder.pipeName)
        let pid = try File(opening: folder.path(of: RuntimeFolder.processName), [.write, .create, .exclusive])
        let process = ProcessIdentity.current()
        try pid.write("\(process.processID) \(process.startTime)\n")
        // From here on the hook uses the folder.
        try File(opening: folder.path, [.read, .folder]).setPermissions(0o500)
    }

    /// Removes the folder as far as possible; the next service removes the rest.
    private func removeHooksFolder() {
        let folder = runtime.hooksFolder
        guard let status = FileStatus(of: folder.path) else { return }
        guard status.kind == .folder else {
            try? runtime.folder.remove(RuntimeFolder.hooksName)
            return
        }
        // From here on the hook no longer uses the folder. A shell that is about to open the pipe may still create a file of its
        // name, into which nothing is written.
        try? File(opening: folder.path, [.read, .folder]).setPermissions(0o700)
        for name in [RuntimeFolder.processName, RuntimeFolder.pipeName] { try? folder.remove(name) }
        _ = runtime.folder.removeFolder(RuntimeFolder.hooksName)
    }

    /// Removes the names under which programs reach this service, or a killed one before it. If the lock's file is no longer the
    /// one at its path, the names there belong to another service.
    func removeNames() throws(SystemError) {
        guard try lock.isAtItsPath() else { return }
        removeHooksFolder()
        let names = [RuntimeFolder.processName, RuntimeFolder.pipeName, RuntimeFolder.socketName]
        for name in names where !passedNames.contains(name) {
            try runtime.folder.remove(name)
        }
    }
}

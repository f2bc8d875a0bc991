import Core
import SystemSupport

/// A service's claim on its data folder: while it lives no second one starts. Under it, what one that was killed left
/// behind is removed, and only then are the new names made.
struct ServiceHome: ~Copyable, Sendable {
    let runtime: RuntimeFolder
    private let lock: File
    /// Names that a service manager has made and keeps.
    private let passedNames: [String]

    /// Claims the folder; nil when another service has it. `passed` are the socket and the pipe that a service manager has
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

    /// Says which process serves, for shells that want to know without starting one.
    func announce() throws(SystemError) {
        let name = RuntimeFolder.processName
        let file = try File(opening: runtime.folder.path(of: name + ".new"), [.write, .create, .truncate, .regular])
        try file.write("\(ProcessIdentity.current().processID)\n")
        try runtime.folder.rename(name + ".new", to: name)
    }

    /// Makes the folder that the hook of bash uses. Where it cannot be made, as the file system has no second names for a pipe,
    /// the hook starts the recorder.
    func admitHooks() throws(SystemError) {
        removeHooksFolder()
        let folder = runtime.hooksFolder
        try folder.prepare()
        _ = try runtime.folder.link(
            RuntimeFolder.pipeName, as: RuntimeFolder.hooksName + "/" + RuntimeFolder.pipeName)
        let pid = try File(opening: folder.path(of: RuntimeFolder.processName), [.write, .create, .exclusive])
        let process = ProcessIdentity.current()
        try pid.write("\(process.processID) \(process.startTime)\n")
        // From here on it is used.
        try File(opening: folder.path, [.read, .folder]).setPermissions(0o500)
    }

    /// Removes the folder as far as that is possible: what is left of it, the next service removes.
    private func removeHooksFolder() {
        let folder = runtime.hooksFolder
        guard let status = FileStatus(of: folder.path) else { return }
        guard status.kind == .folder else {
            try? runtime.folder.remove(RuntimeFolder.hooksName)
            return
        }
        // From here on it is no longer used. A shell that is about to open the pipe may still make a file of its name, into
        // which nothing is written.
        try? File(opening: folder.path, [.read, .folder]).setPermissions(0o700)
        for name in [RuntimeFolder.processName, RuntimeFolder.pipeName] { try? folder.remove(name) }
        _ = runtime.folder.removeFolder(RuntimeFolder.hooksName)
    }

    /// Removes what others could reach the service by, or a killed one before it. Where the lock's file is no longer the one at
    /// its path the names there are another service's.
    func removeNames() throws(SystemError) {
        guard try lock.isAtItsPath() else { return }
        removeHooksFolder()
        let names = [RuntimeFolder.processName, RuntimeFolder.pipeName, RuntimeFolder.socketName]
        for name in names where !passedNames.contains(name) {
            try runtime.folder.remove(name)
        }
    }
}

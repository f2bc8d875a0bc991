import Core
import SystemSupport

/// A service's lock on its data folder. It keeps a second service from starting. The holder first removes the files of
/// a killed service, and then creates its own files.
struct ServiceHome: ~Copyable, Sendable {
    let runtime: RuntimeFolder
    private let lock: File
    /// Names of the socket and the pipe that a service manager has created. The service does not remove them.
    private let passedNames: [String]

    /// Locks the folder. Nil when another service holds the lock. `passed` are the socket and the pipe that a service
    /// manager has opened; their names are not removed.
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

    /// The number and the start time of this process. By the start time, a reader can distinguish the service from a
    /// later process with the same number.
    private var processLine: String {
        let process = ProcessIdentity.current()
        return "\(process.processID) \(process.startTime)\n"
    }

    /// Writes the number and the start time of this process to a file. Programs read the file to check whether a
    /// service runs, because a connection to the socket may start a service.
    func announce() throws(SystemError) {
        let name = RuntimeFolder.processName
        let file = try File(opening: runtime.folder.path(of: name + ".new"), [.write, .create, .truncate, .regular])
        try file.write(processLine)
        try runtime.folder.rename(name + ".new", to: name)
    }

    /// Creates the folder that the hooks of bash and zsh use. The call fails on a file system without hard links to
    /// pipes. The hooks then start the recorder instead.
    func admitHooks() throws(SystemError) {
        removeHooksFolder()
        let folder = runtime.hooksFolder
        try folder.prepare()
        _ = try runtime.folder.link(
            RuntimeFolder.pipeName, as: RuntimeFolder.hooksName + "/" + RuntimeFolder.pipeName)
        let pid = try File(opening: folder.path(of: RuntimeFolder.processName), [.write, .create, .exclusive])
        try pid.write(processLine)
        // From here on the bash hook uses the folder, because the hook requires this mode.
        try File(opening: folder.path, [.read, .folder]).setPermissions(0o500)
    }

    /// Removes the folder of the hooks as far as possible; the next service removes the rest.
    private func removeHooksFolder() {
        let folder = runtime.hooksFolder
        guard let status = FileStatus(of: folder.path) else { return }
        guard status.kind == .folder else {
            try? runtime.folder.remove(RuntimeFolder.hooksName)
            return
        }
        // From here on the bash hook no longer uses the folder. A bash that is about to open the pipe may still create
        // a plain file of the pipe's name. Nothing is written into that file.
        try? File(opening: folder.path, [.read, .folder]).setPermissions(0o700)
        for name in [RuntimeFolder.processName, RuntimeFolder.pipeName] { try? folder.remove(name) }
        _ = runtime.folder.removeFolder(RuntimeFolder.hooksName)
    }

    /// Removes the names by which programs reach this service or a killed earlier service. If another file is now at
    /// the lock's path, the names belong to another service and stay.
    func removeNames() throws(SystemError) {
        guard try lock.isAtItsPath() else { return }
        removeHooksFolder()
        let names = [RuntimeFolder.processName, RuntimeFolder.pipeName, RuntimeFolder.socketName]
        for name in names where !passedNames.contains(name) {
            try runtime.folder.remove(name)
        }
    }
}

import Platform

/// A service's claim on its data folder: while it lives no second one starts. Under it, what one that was killed left
/// behind is removed, and only then are the new names made.
struct ServiceHome: ~Copyable, Sendable {
    let runtime: RuntimeFolder
    private let lock: File

    /// Claims the folder; nil when another service has it.
    init?(for data: DataFolder) throws(SystemError) {
        try data.folder.prepare()
        let runtime = RuntimeFolder(for: data)
        try runtime.folder.prepare()
        let lock = try File(opening: runtime.lockPath, [.readWrite, .create])
        guard try lock.tryLock() else { return nil }
        self.runtime = runtime
        self.lock = lock
    }

    /// Says which process serves, for shells that want to know without starting one.
    func announce() throws(SystemError) {
        let name = RuntimeFolder.processName
        let file = try File(opening: runtime.folder.path(of: name + ".new"), [.write, .create, .truncate])
        try file.write("\(ProcessIdentity.current().processID)\n")
        try runtime.folder.rename(name + ".new", to: name)
    }

    /// Removes what others could reach the service by, or a killed one before it. Where the lock's file is no longer the one at
    /// its path the names there are another service's.
    func removeNames() throws(SystemError) {
        guard try lock.isAtItsPath() else { return }
        for name in [RuntimeFolder.processName, RuntimeFolder.pipeName, RuntimeFolder.socketName] {
            try runtime.folder.remove(name)
        }
    }
}

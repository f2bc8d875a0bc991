package import Platform

/// The right to write the database: one process has it at a time, and loses it when it ends, however it ends.
package struct WriterLock: ~Copyable, Sendable {
    private let file: File

    private init(file: consuming File) {
        self.file = file
    }

    /// Takes the lock of a data folder if nobody has it; nil when somebody does.
    package static func acquire(in data: DataFolder) throws(SystemError) -> WriterLock? {
        try data.folder.prepare()
        let file = try File(opening: data.writerLockPath, [.readWrite, .create])
        guard try file.tryLock() else { return nil }
        return WriterLock(file: file)
    }
}

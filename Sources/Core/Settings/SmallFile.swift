package import SystemSupport

/// A small file of the data folder that is replaced as a whole, so a reader sees either the old or the new content.
package struct SmallFile: Sendable {
    private let data: DataFolder
    private let name: String
    private let limit: Int

    /// - Parameters:
    ///   - name: the name of the file in the data folder.
    ///   - limit: the maximum length in bytes that a reader accepts.
    package init(_ name: String, in data: DataFolder, limit: Int) {
        self.data = data
        self.name = name
        self.limit = limit
    }

    package var path: String { data.folder.path(of: name) }

    /// The content of a file.
    package struct Content {
        /// At most one byte more than the limit of the file.
        package let bytes: [UInt8]
        /// Whether the file belongs to this user, and no other user may write to it.
        package let isTrusted: Bool
    }

    /// Reads the file. A missing file costs one failed open and nothing else.
    /// - Returns: nil if there is no file.
    /// - Throws: also if the path is not a regular file.
    package func read() throws(SystemError) -> Content? {
        do throws(SystemError) {
            // The path may be a pipe, whose opening must not block.
            let file = try File(opening: path, [.read, .nonBlocking])
            let status = try file.status()
            guard status.isRegular else { throw SystemError.notAFile(path) }
            var bytes: [UInt8] = []
            _ = try file.read(appendingTo: &bytes, limit: limit + 1)
            return Content(bytes: bytes, isTrusted: File.isOwn(status) && !status.isWritableByOthers)
        } catch {
            guard error.isNotFound || error.isInNoFolder else { throw error }
            return nil
        }
    }

    /// Replaces the content. The caller must hold the lock of the data folder. When the call returns, every read finds
    /// the new content, also after a power cut.
    package func replace(with text: String) throws(SystemError) {
        // Only the holder of the lock creates this file, so an existing one was left by a killed process.
        try data.folder.remove(name + ".new")
        let file = try File(opening: data.folder.path(of: name + ".new"), [.write, .create, .exclusive])
        try file.write(text)
        try file.synchronizeData()
        try data.folder.rename(name + ".new", to: name)
        try data.folder.synchronize()
    }
}

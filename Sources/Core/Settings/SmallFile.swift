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
        /// The whole content, or the first `limit` + 1 bytes of a file that is longer than `limit`.
        package let bytes: [UInt8]
        /// Whether the file belongs to this user, and no other user may write to it.
        package let isTrusted: Bool
    }

    /// Reads the file. If there is no file, the call costs only one failed open.
    /// - Returns: the content; nil if there is no file.
    /// - Throws: `SystemError` if the file cannot be read, or if the path is not a regular file.
    package func read() throws(SystemError) -> Content? {
        do throws(SystemError) {
            // If the path is a pipe, opening it must not block.
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
    /// the new content, even after a power cut.
    package func replace(with text: String) throws(SystemError) {
        // Only the holder of the lock creates the temporary file with the suffix `.new`. If the file already exists, a
        // process was killed after creating it.
        try data.folder.remove(name + ".new")
        let file = try File(opening: data.folder.path(of: name + ".new"), [.write, .create, .exclusive])
        try file.write(text)
        try file.synchronizeData()
        try data.folder.rename(name + ".new", to: name)
        try data.folder.synchronize()
    }
}

package import Platform

/// A file that is ready to be sent: read a piece at a time, on a thread of its own.
package actor PackedFile {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let file: File
    /// The file goes with this value.
    private let scratch: ScratchFolder
    package nonisolated let bytes: Int

    package init(_ file: consuming File, in scratch: consuming ScratchFolder) throws(SystemError) {
        bytes = try file.status().size
        self.file = file
        self.scratch = scratch
    }

    /// Up to `limit` bytes from `offset` on; empty at the end.
    package func read(at offset: Int, limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try file.read(appendingTo: &bytes, at: offset, limit: limit)
        return bytes
    }
}

import Core
import SystemSupport

/// A folder, for example on a USB stick or a share. Each file is written in a scratch folder there, synchronized to
/// disk, and then moved into the folder.
actor FolderTarget: Target {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let folder: Folder

    init(_ folder: Folder) {
        self.folder = folder
    }

    /// Checks that the folder exists. The folder is not created, because a missing folder is usually on an unplugged
    /// USB stick.
    func prepare() throws {
        do {
            _ = try File(opening: folder.path, [.read, .folder])
            ScratchFolder.removeLeftovers(in: folder)
        } catch  where error.isNotFound {
            throw RetryPolicy.Failure.lasting(
                .unreachable(folder.path, reason: "there is no such folder; is it mounted?"))
        } catch {
            throw RetryPolicy.Failure.lasting(.inputOutput(error))
        }
    }

    func deliver(_ batch: TransferBatch, earlier: [Transfer]) async throws {
        guard case .file(let file, let name) = batch.content else { preconditionFailure("a folder takes files") }
        do {
            if let found = try await checksum(of: name) {
                guard (earlier + [batch.transfer]).contains(where: { $0.sha256 == found }) else {
                    throw RetryPolicy.Failure.lasting(.occupied(folder.path(of: name)))
                }
                // The file counts as delivered only when a power failure can no longer undo the rename.
                return try folder.synchronize()
            }
            let scratch = try ScratchFolder(in: folder)
            let copy = try File(opening: scratch.path(of: name), [.write, .create, .exclusive])
            var offset = 0
            while offset < file.bytes {
                try Task.checkCancellation()
                let bytes = try await file.read(at: offset, limit: Limits.inputChunkBytes)
                try copy.write(bytes.span)
                offset += bytes.count
            }
            try copy.synchronizeData()
            try folder.take(name, from: scratch.folder, as: name)
            try folder.synchronize()
        } catch let error as SystemError {
            throw RetryPolicy.Failure.lasting(.inputOutput(error))
        }
    }

    /// Returns the SHA-256 of a file in the folder, in hexadecimal digits; nil when there is no file of that name.
    private func checksum(of name: String) async throws(SystemError) -> String? {
        let file: EncodedFile
        do {
            file = try EncodedFile(reading: folder.path(of: name))
        } catch  where error.isNotFound {
            return nil
        }
        return try await file.checksum()
    }
}

import SystemSupport

/// A snapshot that is named on the command line: a file, or `-` for standard input.
enum SnapshotArgument {
    /// The name of standard input in messages.
    private static let standardInput = "standard input"
    private static let chunkBytes = 1024 * 1024

    /// The name of a snapshot as messages show it.
    static func displayName(_ argument: String) -> String {
        argument == "-" ? standardInput : argument.escapedForDisplay
    }

    /// Runs work on the file of a snapshot. Standard input is copied to a temporary file first, as a snapshot is read from
    /// its end; the file is removed afterwards.
    static func with<Value>(_ argument: String, _ work: (String) async throws -> Value) async throws -> Value {
        guard argument == "-" else { return try await work(argument) }
        guard !File.standardInput.isTerminal else {
            throw CommandFailure("cannot read a snapshot from a terminal: give a file, or pipe one in", .usage)
        }
        let scratch = try ScratchFolder(in: ScratchFolder.commonParent)
        let path = scratch.path(of: "snapshot")
        try copyStandardInput(to: path)
        do { return try await work(path) } catch {
            throw CommandFailure(error)?.replacing(path, with: standardInput) ?? error
        }
    }

    private static func copyStandardInput(to path: String) throws {
        let copy = try File(opening: path, [.write, .create, .exclusive])
        var bytes: [UInt8] = []
        while try File.standardInput.read(appendingTo: &bytes, limit: chunkBytes) > 0 {
            try copy.write(bytes.span)
            bytes.removeAll(keepingCapacity: true)
        }
    }
}

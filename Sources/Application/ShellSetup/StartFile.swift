import Core
package import Intake
package import SystemSupport

/// A start file of a shell, to which the hook's line is added. Changes keep the file's mode, owner and links, and all
/// of the user's text.
package struct StartFile: Equatable, Sendable {
    package let shell: ShellDialect
    /// The path by which the shell reads the file.
    package let path: String
    /// The path of the file that is written, with links resolved. The file need not exist.
    package let target: String

    /// Maximum size of a start file that Nexus changes, in bytes. It is hundreds of times the usual size.
    private static let longest = 4 * 1024 * 1024

    init(_ shell: ShellDialect, _ path: String) {
        self.shell = shell
        self.path = path
        target = Self.target(of: path)
    }

    /// Returns the path at the end of a chain of links. No file need exist there.
    private static func target(of path: String) -> String {
        var path = path
        // The system follows at most 40 links.
        for _ in 0..<40 {
            guard FileStatus(of: path)?.kind == .link, let next = SymbolicLink.target(of: path) else { break }
            path = next.hasPrefix("/") ? next : Folder(path).parent.path(of: next)
        }
        return SymbolicLink.resolved(path) ?? path
    }

    /// The path, with its target if it is a link.
    package var description: String {
        let isLink = FileStatus(of: path)?.kind == .link
        return path.escapedForDisplay + (isLink ? " (a link to \(target.escapedForDisplay))" : "")
    }

    /// Returns the bytes of the file; nil when it does not exist.
    package func content() throws(StartFileError) -> [UInt8]? {
        do throws(SystemError) {
            let file = try File(opening: target, [.read, .regular])
            let status = try file.status()
            guard File.isOwn(status) else { throw SystemError.ofAnotherUser(target) }
            var bytes: [UInt8] = []
            while try file.read(appendingTo: &bytes, limit: Self.longest) > 0 {
                guard bytes.count <= Self.longest else { throw SystemError.tooLarge(target) }
            }
            return bytes
        } catch  where error.isNotFound {
            return nil
        } catch {
            throw .system(error)
        }
    }

    /// Adds the block at the end and creates missing folders.
    package func add() throws(StartFileError) {
        let before = try content()
        let bytes = SetupBlock(shell: shell, after: before).bytes
        try asStartFileError { () throws(SystemError) in
            if before == nil {
                try Folder(target).parent.makeMissing()
                try File(opening: target, [.write, .create, .exclusive]).write(bytes.span)
            } else {
                // One call appends the block, so existing content is not touched.
                try File(opening: target, [.write, .append, .regular]).write(bytes.span)
            }
        }
    }

    /// Removes the block. Also removes the file if it was made for the block and contains nothing else.
    ///
    /// - Returns: whether the file had the block.
    package func remove() throws(StartFileError) -> Bool {
        guard let bytes = try content() else { return false }
        let found: SetupBlock.Place
        switch SetupBlock.find(in: bytes, shell: shell) {
        case .none: return false
        case .changed: throw .changed(path: path)
        case .unchanged(let place): found = place
        }
        let rest = Array(bytes[found.range.upperBound...])
        // If the user added text after the block, the newlines before the block stay, so that this text begins on its
        // own line.
        let start = found.range.lowerBound + (rest.isEmpty ? 0 : found.addedNewlines)
        try asStartFileError { () throws(SystemError) in
            if found.madeFile, found.range == 0..<bytes.count {
                return try Folder(target).parent.remove(Folder(target).name)
            }
            let file = try File(opening: target, [.write, .regular])
            try file.write(rest.span, at: start)
            try file.truncate(to: start + rest.count)
        }
        return true
    }

    /// The form in which a file has the hook.
    package enum State: Equatable, Sendable {
        case absent
        /// The block as `nexus setup` writes it.
        case block
        /// A block that the user has changed.
        case changedBlock
        /// A line that the user added, with its number, counted from 1.
        case line(Int)
    }

    /// Returns the form in which the file has the hook.
    package func state() throws(StartFileError) -> State {
        guard let bytes = try content() else { return .absent }
        switch SetupBlock.find(in: bytes, shell: shell) {
        case .unchanged: return .block
        case .changed: return .changedBlock
        case .none: break
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let text = String(decoding: line, as: UTF8.self)
            guard text.contains("nexus init \(shell.rawValue)") else { continue }
            let code = text.drop { $0 == " " || $0 == "\t" }
            if !code.hasPrefix("#") { return .line(index + 1) }
        }
        return .absent
    }
}

/// Runs file work and converts its error to a `StartFileError`.
private func asStartFileError<Value>(_ work: () throws(SystemError) -> Value) throws(StartFileError) -> Value {
    do { return try work() } catch { throw .system(error) }
}

/// The reason why a start file was not read or changed.
package enum StartFileError: ReportedError, Equatable {
    case system(SystemError)
    /// The block in the file differs from the block that `nexus setup` wrote.
    case changed(path: String)

    package var description: String {
        switch self {
        case .system(let error): "start file not changed: \(error.description); add or remove the line by hand"
        case .changed(let path):
            "block not removed: it was changed in \(path.escapedForDisplay) since 'nexus setup' wrote it; remove it by hand"
        }
    }

    /// The exit code that sysexits.h defines for the error.
    package var exitCode: ExitCode {
        switch self {
        case .system(let error): ExitCode(error)
        case .changed: .rejectedInput
        }
    }
}

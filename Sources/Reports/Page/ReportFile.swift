package import SystemSupport

/// The file of a page. The file is created or replaced as a whole and is readable only by its owner. An existing file
/// is replaced only if it is a page.
package struct ReportFile: Sendable {
    package let path: String
    private let folder: Folder
    private let name: String

    /// Makes the file at a path of the user's choice.
    ///
    /// - Throws: `ReportFileError` if the path does not name a file.
    package init(_ path: String) throws(ReportFileError) {
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        guard !name.isEmpty, name != ".", name != ".." else { throw .occupied(path, by: "a folder") }
        self.path = path
        self.name = name
        folder = Folder(path).parent
    }

    /// Returns the file in the user's own folder inside the temporary folder. The user's folder is created if it does
    /// not exist.
    ///
    /// - Parameters:
    ///   - temporary: `$TMPDIR`; if it is nil or not absolute, `/tmp` is used.
    ///   - user: the number of the user (UID).
    package static func temporary(_ temporary: String?, user: UInt32) throws -> ReportFile {
        let parent = temporary.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
        let folder = Folder(parent + "/nexus-\(user)")
        try folder.prepare()
        return try ReportFile(folder.path(of: "nexus-report.html"))
    }

    /// The absolute path, for another program.
    package var absolutePath: String { path.hasPrefix("/") ? path : (WorkingFolder.path ?? "") + "/" + path }

    /// Throws if something other than a page is at the path. Pages of all versions of Nexus are accepted.
    package func requireReplaceable() throws {
        switch try folder.occupant(of: name) {
        case .nothing: return
        case .symbolicLink: throw ReportFileError.occupied(path, by: "a symbolic link")
        case .folder: throw ReportFileError.occupied(path, by: "a folder")
        case .other: throw ReportFileError.occupied(path, by: "a device, pipe or socket")
        case .file:
            let file = try File(opening: path, [.read, .regular])
            let beginning = Array(PageRenderer.signature.utf8)
            guard try file.read(beginning.count) == beginning else {
                throw ReportFileError.occupied(path, by: "a file that is no report of Nexus")
            }
        }
    }

    /// Writes a page to a new file in a scratch folder next to the path, and then renames the file to the path.
    package func write(_ page: String) throws {
        try requireReplaceable()
        let scratch = try ScratchFolder(in: folder)
        let file = try File(opening: scratch.path(of: "page"), [.write, .create, .exclusive])
        try file.setPermissions(0o600)
        try file.write(page)
        try file.synchronizeData()
        // Another program may have written to the path since the first check.
        try requireReplaceable()
        try folder.take("page", from: scratch.folder, as: name)
    }
}

/// The error for a path that a page must not be written to.
package enum ReportFileError: ReportedError, Equatable {
    /// The path has something other than a page.
    case occupied(String, by: String)

    package var exitCode: ExitCode { .inputOutput }

    package var description: String {
        switch self {
        case .occupied(let path, let occupant):
            "cannot write \(path.escapedForDisplay): \(occupant) is there; give another name with -o"
        }
    }
}

/// Opens a file with the default program of the desktop.
package enum ReportOpening {
    /// Starts `xdg-open` with an absolute path, without a shell.
    ///
    /// - Parameter environment: returns the value of a variable.
    /// - Returns: nil if `xdg-open` was started, else the reason why it was not started, as a sentence for the user.
    package static func open(
        _ file: ReportFile, isRoot: Bool = ThisProcess.isRoot, environment: (String) -> String?,
        start: ([RawArgument]) throws(SystemError) -> Void = { arguments throws(SystemError) in
            _ = try ChildProcess(detached: arguments)
        }
    ) -> String? {
        if isRoot {
            return "cannot open the report as root: a browser must not run as root; open the file as another user"
        }
        guard ["DISPLAY", "WAYLAND_DISPLAY"].contains(where: { environment($0)?.isEmpty == false }) else {
            return "cannot open the report: there is no display here; open the file in a browser"
        }
        do throws(SystemError) {
            try start([RawArgument("xdg-open"), RawArgument(file.absolutePath)])
            return nil
        } catch {
            return "cannot open the report: xdg-open did not start (\(error.reason)); open the file in a browser"
        }
    }
}

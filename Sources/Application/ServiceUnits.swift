package import Core
package import SystemSupport

/// The systemd units of a user's service, as files in the user's own folder of units.
package struct ServiceUnits: Sendable {
    /// The texts of the units. `@PROGRAM@` in them stands for the program.
    package struct Templates: Sendable {
        let service: String
        let socket: String

        package init(service: String, socket: String) {
            self.service = service
            self.socket = socket
        }
    }

    private static let serviceName = "nexus.service"
    private static let socketName = "nexus.socket"
    private static let dropIn = "data-folder.conf"

    private let templates: Templates
    private let folder: Folder
    private let program: String
    private let data: DataFolder
    private let runtime: RuntimeFolder
    /// Whether the data folder and the socket have the paths that the templates contain.
    private let isUsual: Bool

    /// - Parameter program: the program to run. The full program of an installation is replaced by the launcher in
    ///   `bin`.
    package init?(
        _ templates: Templates, program: String, data: DataFolder,
        environment value: (String) -> String? = Environment.value
    ) {
        guard let home = value("HOME"), home.hasPrefix("/") else { return nil }
        let given = value("XDG_CONFIG_HOME") ?? ""
        folder = Folder((given.hasPrefix("/") ? given : home + "/.config") + "/systemd/user")
        let installed = "/libexec/nexus/nexus"
        self.program = program.hasSuffix(installed) ? program.dropLast(installed.count) + "/bin/nexus" : program
        self.templates = templates
        self.data = data
        isUsual = (value("NEXUS_DATA_DIR") ?? "").isEmpty && data.folder.path == home + "/.local/share/nexus"
        runtime = RuntimeFolder(for: data, environment: value)
    }

    /// The files: their paths relative to the folder of units, and their texts.
    private var files: [(path: String, text: String)] {
        var files = [
            (
                Self.serviceName,
                templates.service.replacing("@PROGRAM@", with: Self.quoted(program.replacing("$", with: "$$")))
            ),
            (Self.socketName, templates.socket),
        ]
        guard !isUsual else { return files }
        // The socket and the pipe are in the data folder if NEXUS_DATA_DIR is set or the user has no runtime folder.
        // Otherwise they are in the user's runtime folder.
        let isGiven = runtime.folder == data.folder
        let folder = Self.specifiersEscaped(data.folder.path)
        files.append(
            (
                Self.serviceName + ".d/" + Self.dropIn,
                """
                [Service]
                Environment=\(Self.quoted((isGiven ? "NEXUS_DATA_DIR=" : "XDG_DATA_HOME=") + (isGiven ? data.folder : data.folder.parent).path))
                ReadWritePaths=\(Self.quoted("-" + data.folder.path))

                """
            ))
        guard isGiven else { return files }
        files.append(
            (
                Self.socketName + ".d/" + Self.dropIn,
                """
                [Socket]
                ListenStream=
                ListenStream=\(folder)/socket
                ListenFIFO=\(folder)/pipe

                """
            ))
        return files
    }

    /// Writes the units and replaces existing ones.
    ///
    /// - Returns: the paths of the files.
    package func install() throws(SystemError) -> [String] {
        _ = try uninstall()
        var paths: [String] = []
        for (path, text) in files {
            let parent = Folder(folder.path(of: path)).parent
            try parent.makeMissing()
            try File(opening: folder.path(of: path), [.write, .create, .exclusive]).write(text)
            paths.append(folder.path(of: path))
        }
        return paths
    }

    /// Removes the units.
    ///
    /// - Returns: the paths of the removed files.
    package func uninstall() throws(SystemError) -> [String] {
        var paths: [String] = []
        for unit in [Self.serviceName, Self.socketName] {
            let drop = Folder(folder.path(of: unit + ".d"))
            for (parent, name) in [(folder, unit), (drop, Self.dropIn)] where parent.has(name) {
                try parent.remove(name)
                paths.append(parent.path(of: name))
            }
            _ = folder.removeFolder(unit + ".d")
        }
        return paths
    }

    /// Returns a text in quotes, as one word of a unit's setting: systemd.syntax(7).
    private static func quoted(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"" + specifiersEscaped(escaped) + "\""
    }

    /// Returns a text in which no `%` begins a specifier.
    private static func specifiersEscaped(_ text: String) -> String { text.replacing("%", with: "%%") }
}

import SystemSupport

/// Starts a `nexus flush` on its own feet: a recorder that finds much waiting does so and goes its way.
package enum DetachedDrain {
    /// Starts the `nexus` that stands beside this program, else the one on the `PATH`. That there is none, or that
    /// another process drains already, is no failure of the recorder.
    package static func start() {
        _ = try? ChildProcess(detached: [RawArgument(program), RawArgument("flush")])
    }

    private static var program: String {
        guard let folder = ExecutablePath.current.map({ Folder($0).parent }), folder.has("nexus") else {
            return "nexus"
        }
        return folder.path(of: "nexus")
    }
}

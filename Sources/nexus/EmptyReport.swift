import Application
import Core
import Reports
import SystemSupport

extension NextSteps {
    /// What there is to do for the user of a data folder.
    ///
    /// - Parameter hasFilter: whether the report leaves events out by a filter.
    static func current(_ data: DataFolder, hasFilter: Bool = false) throws -> NextSteps {
        var steps = NextSteps()
        steps.recording = try RecordingPolicy.current(for: data)
        steps.latestEvent = try latestEvent(in: data)
        steps.hasFilter = hasFilter
        steps.hook = ShellSetup.current().map {
            Hook(startFile: $0.startFile, isInstalled: $0.isInstalled)
        }
        steps.isServiceStopped = ServiceState.of(data) == .stopped
        return steps
    }

    /// The same as the end of a report in this terminal.
    static func text(_ data: DataFolder, hasFilter: Bool = false) throws -> String {
        try current(data, hasFilter: hasFilter).text(.ofOutput())
    }
}

package import Core
package import Database
import SystemSupport

/// The next steps for a user whose report is empty: at most two sentences.
package struct NextSteps: Sendable {
    /// The start file of the user's shell, and whether this file contains the hook.
    package struct Hook: Sendable {
        let startFile: String
        let isInstalled: Bool

        package init(startFile: String, isInstalled: Bool) {
            self.startFile = startFile
            self.isInstalled = isInstalled
        }
    }

    /// Whether the environment, the current folder and the settings allow recording.
    package var recording: RecordingPolicy = .on
    /// The beginning of the latest 15-minute bucket with events, in milliseconds since 1970; nil without events.
    package var latestEvent: Int64?
    /// Whether a filter excludes events from the report.
    package var hasFilter = false
    /// The hook of the user's shell; nil for a shell for which Nexus has no hook.
    package var hook: Hook?
    /// Whether a service served this data folder earlier but does not run now.
    package var isServiceStopped = false

    package init() {}

    /// Returns the beginning of the latest 15-minute bucket in which a data folder has events, in milliseconds since
    /// 1970. Nil without events.
    package static func latestEvent(in data: DataFolder) throws(StoreError) -> Int64? {
        try StoreReader(data: data)?.activity(in: 0..<Int64.max).last?.bucketStart
    }

    package var sentences: [String] {
        var sentences: [String] = []
        if case .off(let reason) = recording {
            let isSetting = RecordingPolicy.of(Settings.off) == recording
            sentences.append(
                "Recording is off (\(reason.escapedForDisplay))"
                    + (isSetting ? "; 'nexus telemetry on' switches it on." : ", so nothing new is recorded here."))
        }
        if let latestEvent {
            let day = LocalCalendar.day(of: latestEvent).text
            sentences.append(
                hasFilter
                    ? "The latest event is from \(day): check the filter, or give a longer window."
                    : "The latest event is from \(day): 'nexus stats --since \(day)' shows it.")
        }
        if let hook, recording == .on {
            switch (hook.isInstalled, latestEvent) {
            case (true, nil):
                sentences.append(
                    "The hook in \(hook.startFile.escapedForDisplay) records lines from the next shell on: open a new shell, "
                        + "and run a command.")
            case (false, _):
                sentences.append(
                    "The shell hook is not installed: run 'nexus setup', which adds it to \(hook.startFile.escapedForDisplay), and "
                        + "open a new shell.")
            case (true, _?): break
            }
        }
        if isServiceStopped {
            sentences.append(
                "'nexus serve' is not running: lines in its pipe wait until it starts; other events are recorded.")
        }
        if sentences.isEmpty || (latestEvent == nil && recording == .on && sentences.count < 2) {
            sentences.append(
                hook == nil
                    ? "'nexus exec -- COMMAND' runs a command and records it."
                    : "'nexus import-history' lists the histories of your shells, which it can import."
            )
        }
        return Array(sentences.prefix(2))
    }

    /// Returns the sentences as the end of a report, after an empty line.
    package func text(_ style: TerminalStyle) -> String {
        "\n" + sentences.flatMap { TextBlock.wrapped($0, style) }.joined(separator: "\n") + "\n"
    }
}

extension Settings {
    /// Settings that switch recording off.
    fileprivate static let off: Settings = {
        var settings = Settings()
        settings.set(recording: false)
        return settings
    }()
}

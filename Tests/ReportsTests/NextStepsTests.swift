import Core
import Reports
import SystemSupport
import TestSupport
import Testing

struct NextStepsTests {
    private static let hook = NextSteps.Hook(
        startFile: "~/.bashrc", isInstalled: false)

    private func steps(_ change: (inout NextSteps) -> Void) throws -> [String] {
        // Sets the zone.
        _ = try ReportHarness()
        var steps = NextSteps()
        change(&steps)
        return steps.sentences
    }

    @Test("The next step without events is the hook, or a command that is recorded immediately")
    func nothing() throws {
        #expect(try steps { _ in } == ["'nexus exec -- COMMAND' runs a command and records it."])
        #expect(
            try steps { $0.hook = Self.hook } == [
                "The shell hook is not installed: run 'nexus setup', which adds it to ~/.bashrc, and open a new shell.",
                "'nexus import-history' lists the histories of your shells, which it can import.",
            ])
        let installed = try steps {
            $0.hook = NextSteps.Hook(startFile: "~/.zshrc", isInstalled: true)
        }
        #expect(installed.first?.contains("The hook in ~/.zshrc records lines from the next shell on") == true)
    }

    @Test("The first step while recording is off is the reason, and how to switch it on if a setting did that")
    func off() throws {
        let setting = try steps { $0.recording = .off(reason: "'nexus telemetry off' was called") }
        #expect(
            setting == ["Recording is off ('nexus telemetry off' was called); 'nexus telemetry on' switches it on."])
        let variable = try steps {
            $0.recording = .off(reason: "NEXUS_TELEMETRY is \u{1B}[2Joff")
            $0.hook = Self.hook
        }
        #expect(variable.count == 1 && variable[0].hasSuffix("so nothing new is recorded here."))
        #expect(!variable[0].contains("\u{1B}"))
    }

    @Test("The next step with events elsewhere is the window that has them, or the filter")
    func elsewhere() throws {
        #expect(
            try steps { $0.latestEvent = ReportHarness.now } == [
                "The latest event is from 2026-11-23: 'nexus stats --since 2026-11-23' shows it."
            ])
        let filtered = try steps {
            $0.latestEvent = ReportHarness.now
            $0.hasFilter = true
        }
        #expect(filtered.first?.contains("check the filter") == true)
    }

    @Test("There are at most two sentences, and they fit the terminal", arguments: [40, 60, 80])
    func bounded(columns: Int) throws {
        var steps = NextSteps()
        steps.recording = .off(reason: String(repeating: "x", count: 300))
        steps.latestEvent = ReportHarness.now
        steps.hook = Self.hook
        steps.isServiceStopped = true
        #expect(steps.sentences.count == 2)
        for line in steps.text(TerminalStyle(columns: columns)).split(separator: "\n") {
            #expect(String(line).displayWidth <= columns)
        }
    }
}

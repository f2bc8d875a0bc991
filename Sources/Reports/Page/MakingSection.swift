import Core
import Database
import SystemSupport

/// The section on the origin of a page and on the data that the page can contain.
enum MakingSection {
    static func write(_ report: PageReport, to page: inout Markup) {
        page.section("making", "How it was made") { page in
            page.element(.dl, [.kind: "making"]) { page in
                for (title, text) in entries(report) {
                    page.element(.div) { page in
                        page.element(.dt, text: title)
                        page.element(.dd, text: text)
                    }
                }
            }
        }
    }

    /// Returns the origin of the data of the page.
    private static func origin(_ making: PageReport.Making) -> String {
        if making.isOfServer { return "the aggregates on a server" }
        return making.isOfSnapshot ? "a snapshot" : "the data folder of one user"
    }

    private static func entries(_ report: PageReport) -> [(title: String, text: String)] {
        let usage = report.usage
        let making = report.making
        var entries: [(title: String, text: String)] = [
            (
                "Made",
                "\(LocalCalendar.day(of: making.time).text) \(LocalCalendar.timeOfDay(of: making.time)) by nexus "
                    + "\(Version.withCommit), from \(Self.origin(making))"
            ),
            ("Window", usage.window.heading(zone: usage.zone)),
            ("Time zone", "\(usage.zone): days and hours are in this time zone"),
            ("Counted", counted(usage)),
            (
                "Left out",
                "Percentiles leave out runs of unknown duration, and success rates leave out runs of unknown outcome. Lines of "
                    + "several commands are listed as 'make, …' and are in no finding."
            ),
            ("Found", findings(usage)),
        ]
        if let columns = report.columns {
            entries.append(
                (
                    "Charts",
                    "A column is \(columns.duration). The size of a mark grows with the logarithm of its count. "
                        + "Durations are exact to 1 %, and none is left out."
                ))
        }
        if let note = usage.note { entries.append(("Slow", note)) }
        entries.append(("Contents", content(making)))
        entries.append(
            (
                "Connections",
                "None: the page has no link to another file, and its security policy allows only the style and "
                    + "the script in the page."
            ))
        return entries
    }

    private static func counted(_ usage: UsageReport) -> String {
        let filter = usage.filter.text
        return NumberText.counted(usage.totals.events, "event")
            + (filter.isEmpty ? ", all of the window" : ", \(filter)") + UsageReport.lowerBoundNote(usage.lowerBounds)
    }

    private static func findings(_ usage: UsageReport) -> String {
        "A change is shown if chance does not explain it. The command needs at least \(FindingRules.runsBefore) runs "
            + "before the change and \(FindingRules.runsAfter) runs after it. In the comparison with the time before, "
            + "the chance of a false alarm in any figure is one in a hundred."
    }

    /// Returns a description of the data in the page, so that the user can decide with whom to share the page.
    private static func content(_ making: PageReport.Making) -> String {
        if making.isOfServer {
            return
                "Names of commands, error categories and templates as they were sent, and counts and durations by the day. "
                + "No session, workspace, argument, path, file content or task is in it."
        }
        return "Names of commands, error categories, templates and session ids as they were recorded; workspaces "
            + (making.showsNames
                ? "by their names if a known folder has that name, else by the first digits of their keyed hashes"
                : "by the first digits of their keyed hashes")
            + "; the times at which each command ran, to 15 minutes. No argument, path, file content or task is in it."
    }
}

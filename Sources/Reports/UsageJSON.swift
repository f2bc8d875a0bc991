import EventModel
import Foundation
import Platform
import Store

/// A usage report as JSON. The keys are a contract: `schema` goes up when one changes its meaning or goes away.
package struct UsageJSON: Encodable {
    struct Window: Encodable {
        let title: String
        /// RFC 3339, UTC; null where the window is open.
        let from: String?
        let until: String?
        let timeZone: String
    }

    struct Day: Encodable {
        let date: String
        let events: Int
        let commands: Int
        let succeeded: Int
        let failed: Int
    }

    let schema = 1
    let window: Window
    let events: Int
    let commands: Int
    let sessions: Int
    let workspacesCreated: Int
    let tasksCompleted: Int
    let avgSessionMs: Int64?
    let succeeded: Int
    let failed: Int
    /// From 0 to 1; null when no event says whether it succeeded.
    let successRate: Double?
    let days: [Day]

    package init(_ report: UsageReport) {
        let range = report.window.range
        window = Window(
            title: report.window.title, from: report.window.first.map { _ in Timestamp.rfc3339(range.lowerBound) },
            until: report.window.last.map { _ in Timestamp.rfc3339(range.upperBound) }, timeZone: report.zone)
        events = report.totals.events
        commands = report.totals.commands
        sessions = report.sessions.count
        workspacesCreated = report.totals.workspacesCreated
        tasksCompleted = report.totals.tasksCompleted
        avgSessionMs = report.averageSessionMS
        succeeded = report.totals.succeeded
        failed = report.totals.failed
        successRate = report.successRate
        days = report.days.map { entry in
            Day(
                date: entry.day.text, events: entry.activity.events, commands: entry.activity.commands,
                succeeded: entry.activity.succeeded, failed: entry.activity.failed)
        }
    }
}

import Core
import Database
import SystemSupport

/// The sections about the whole window.
enum OverviewSections {
    /// Writes the box of the dashboard, and the range of the window.
    static func writeBox(_ report: PageReport, to page: inout Markup) {
        page.element(.dl, [.kind: "box"]) { page in
            for figure in DashboardRenderer.figures(report.usage) {
                page.element(.div) { page in
                    page.element(.dt, text: String(figure.title.dropLast()))
                    page.element(.dd, text: figure.value)
                }
            }
        }
        page.paragraph(DashboardRenderer.coverage(report.usage))
        if report.usage.isEmpty {
            page.paragraph("Run 'nexus stats' with the same window for the next step.", kind: "note")
        }
    }

    /// Writes the findings, the most expensive first. At most `PageReport.mostChanges` findings have a chart.
    static func writeChanges(_ report: PageReport, to page: inout Markup) {
        guard !report.usage.isEmpty else { return }
        page.section("changes", "What changed") { page in
            let findings = report.usage.findings
            guard !findings.isEmpty else {
                page.paragraph(
                    report.usage.filter.searchesChanges
                        ? "No clear change: no command became slower or fails more often."
                        : "A report with a filter for failures does not search for changes.")
                return
            }
            for (index, finding) in findings.enumerated() {
                page.element(.section, [.kind: "finding"]) { page in
                    page.element(.h3, text: finding.command)
                    page.paragraph(finding.sentence)
                    page.element(.p, [.kind: "note"]) { page in page.element(.code, text: finding.evidenceCommand) }
                    if let change = report.changes.first(where: { $0.finding == finding }) {
                        DurationCharts.writeBand(
                            change.series, change.columns, id: "f\(index)", finding: finding, to: &page)
                    }
                }
            }
            page.paragraph(InsightsRenderer.note, kind: "note")
        }
    }

    static func writeCalendar(_ report: PageReport, to page: inout Markup) {
        guard !report.usage.isEmpty else { return }
        page.section("calendar", "Calendar") { page in
            CountCharts.writeCalendar(report.usage.days, id: "days", to: &page)
        }
    }

    static func writeFailures(_ report: PageReport, to page: inout Markup) {
        let usage = report.usage
        guard !usage.isEmpty else { return }
        page.section("failures", "Failures") { page in
            guard !usage.allErrors.isEmpty else { return page.paragraph("Nothing failed.") }
            page.table(
                UsageTable.failures(Array(usage.allErrors.prefix(rows)), commands: usage.failingCommands),
                label: "Failures by category")
            writeRest(usage.allErrors.count - rows, "nexus stats --by error", to: &page)
            if let columns = report.columns {
                CountCharts.writeFailures(report.failures, of: "All commands", columns, id: "failed", to: &page)
            }
        }
    }

    /// Writes sessions, workspaces, and the templates, services and ports used.
    static func writeSessions(_ report: PageReport, to page: inout Markup) {
        let usage = report.usage
        guard !usage.isEmpty else { return }
        page.section("sessions", "Sessions") { page in
            if let sessions = report.sessions {
                page.paragraph((DashboardRenderer.sessions(usage) ?? "No session began in this window") + ".")
                if !sessions.isEmpty { page.table(SessionsReport.table(sessions), label: "Latest sessions") }
                writeRest((usage.sessions?.count ?? 0) - sessions.count, "nexus stats --by session", to: &page)
            } else {
                page.paragraph(
                    report.making.isOfServer
                        ? "The aggregates on a server have no sessions."
                        : "Sessions are counted for all events together, so a page with a filter shows no sessions.")
            }
            if !report.workspaces.isEmpty {
                page.element(.h3, text: "Workspaces")
                page.table(
                    UsageTable.outcomes("WORKSPACE", Array(report.workspaces.prefix(rows))), label: "Workspaces")
                writeRest(report.workspaces.count - rows, "nexus stats --by workspace", to: &page)
            }
            if !usage.templates.isEmpty {
                page.element(.h3, text: "Templates")
                page.table(UsageTable.counts("TEMPLATE", Array(usage.templates.prefix(rows))), label: "Templates")
                writeRest(usage.templates.count - rows, "nexus stats --by template", to: &page)
            }
            if let amounts = DashboardRenderer.amounts(usage) {
                page.element(.h3, text: "Services and ports")
                page.table(amounts, label: "Services and ports")
            }
        }
    }

    /// Writes the comparison with the window before.
    static func writeComparison(_ report: PageReport, to page: inout Markup) {
        guard !report.usage.isEmpty else { return }
        page.section("compare", "Comparison with the time before") { page in
            guard let comparison = report.comparison else {
                return page.paragraph(
                    "A window without a beginning has nothing before it: 'nexus report --month' compares two months.")
            }
            page.paragraph(ComparisonRenderer.heading(comparison))
            if let note = ComparisonRenderer.namingNote(comparison) { page.paragraph(note, kind: "note") }
            guard comparison.isComparable else { return page.paragraph(ComparisonRenderer.nothing(comparison)) }
            let sentences = ComparisonRenderer.sentences(comparison)
            if sentences.isEmpty { page.paragraph(ComparisonRenderer.none) }
            page.element(.ul) { page in
                for sentence in sentences.prefix(rows) { page.element(.li, text: sentence) }
            }
            page.table(ComparisonRenderer.table(Array(comparison.rows.prefix(rows))), label: "Both windows")
            writeRest(comparison.rows.count - rows, "nexus compare", to: &page)
            page.paragraph(ComparisonRenderer.note(comparison), kind: "note")
        }
    }

    /// Limit of rows in each table of these sections.
    private static let rows = 30

    private static func writeRest(_ hidden: Int, _ command: String, to page: inout Markup) {
        guard hidden > 0 else { return }
        page.element(.p, [.kind: "note"]) { page in
            page.append("and \(NumberText.grouped(hidden)) more: ")
            page.element(.code, text: command)
        }
    }
}

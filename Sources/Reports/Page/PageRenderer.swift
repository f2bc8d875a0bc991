import Core
import Crypto
import Foundation
import SystemSupport

/// Renders a report as one HTML file. The page needs no other file and opens no connection. Its content security policy
/// allows only its own style and script, by their hashes. Without the script, the page lacks only sorting, searching,
/// selecting, themes and the numbers of a selected chart column.
package enum PageRenderer {
    /// The beginning of every page, in all versions. A file without this beginning is not a page of Nexus, and
    /// `ReportFile` does not replace it.
    static let signature = "<!doctype html>\n<!-- Nexus report"
    private static let firstLine = signature + ", version 1 -->\n"

    private static let style = String(decoding: PackageResources.report_css, as: UTF8.self)
    private static let script = String(decoding: PackageResources.report_js, as: UTF8.self)

    /// Returns the page.
    package static func render(_ report: PageReport) -> String {
        let title = "Nexus Usage Analytics (\(report.usage.window.title))"
        var page = Markup()
        page.begin(firstLine)
        page.element(.html, [.lang: "en"]) { page in
            page.element(.head) { page in writeHead(title, report, to: &page) }
            page.element(.body) { page in
                page.element(.header) { page in
                    page.element(.h1, text: title)
                    writeThemes(to: &page)
                }
                writeNavigation(report, to: &page)
                page.element(.main) { page in
                    OverviewSections.writeBox(report, to: &page)
                    OverviewSections.writeChanges(report, to: &page)
                    CommandSections.writeTable(report, to: &page)
                    CommandSections.writeDetails(report, to: &page)
                    OverviewSections.writeCalendar(report, to: &page)
                    OverviewSections.writeFailures(report, to: &page)
                    OverviewSections.writeSessions(report, to: &page)
                    OverviewSections.writeComparison(report, to: &page)
                    MakingSection.write(report, to: &page)
                }
                page.embed(.script, script)
            }
        }
        return page.text + "\n"
    }

    /// The content security policy, which allows only the content of the page itself.
    static var policy: String {
        "default-src 'none'; script-src '\(hash(script))'; style-src '\(hash(style))'; base-uri 'none'; form-action 'none'"
    }

    private static func hash(_ text: String) -> String {
        "sha256-" + Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString()
    }

    private static func writeHead(_ title: String, _ report: PageReport, to page: inout Markup) {
        page.element(.meta, [.charset: "utf-8"])
        page.element(.meta, [.httpEquiv: "Content-Security-Policy", .content: policy])
        page.element(.meta, [.name: "referrer", .content: "no-referrer"])
        page.element(.meta, [.name: "robots", .content: "noindex"])
        page.element(.meta, [.name: "viewport", .content: "width=device-width, initial-scale=1"])
        if let seconds = report.making.refreshSeconds {
            page.element(.meta, [.httpEquiv: "refresh", .content: String(seconds)])
        }
        page.element(.title, text: title)
        page.embed(.style, style)
    }

    /// Writes the selection of colours. It is hidden until the script shows it.
    private static func writeThemes(to page: inout Markup) {
        page.element(.div, [.kind: "tools", .hidden: ""]) { page in
            page.element(.label, [.target: "theme"], text: "Colours")
            page.element(.select, [.id: "theme"]) { page in
                for (value, name) in [("", "As the system"), ("light", "Light"), ("dark", "Dark")] {
                    page.element(.option, [.value: value], text: name)
                }
            }
        }
    }

    private static func writeNavigation(_ report: PageReport, to page: inout Markup) {
        let isEmpty = report.usage.isEmpty
        let sections: [(id: String, name: String, isThere: Bool)] = [
            ("changes", "What changed", !isEmpty), ("commands", "Commands", !isEmpty),
            ("details", "Charts of a command", !report.detailed.isEmpty), ("calendar", "Calendar", !isEmpty),
            ("failures", "Failures", !isEmpty), ("sessions", "Sessions", !isEmpty), ("compare", "Comparison", !isEmpty),
            ("making", "How it was made", true),
        ]
        page.element(.nav, [.label: "Sections"]) { page in
            page.element(.ul) { page in
                for section in sections where section.isThere {
                    page.element(.li) { page in page.element(.a, [.href: "#" + section.id], text: section.name) }
                }
            }
        }
    }
}

/// Parts of a page that several sections use.
extension Markup {
    /// Writes a section with its heading.
    mutating func section(_ id: String, _ title: String, _ content: (inout Markup) -> Void) {
        element(.section, [.id: id, .labelledBy: id + "-h"]) { page in
            page.element(.h2, [.id: id + "-h"], text: title)
            content(&page)
        }
    }

    mutating func paragraph(_ text: String, kind: String? = nil) {
        if let kind { element(.p, [.kind: kind], text: text) } else { element(.p, text: text) }
    }

    /// Writes a terminal table as HTML, without the columns of bars.
    mutating func table(_ table: TextTable, label: String) {
        let shown = table.columns.indices.filter { column in
            !table.rows.contains { $0[column].cellStyle == .bar }
        }
        element(.div, [.kind: "scroll", .role: "region", .tabindex: "0", .label: label]) { page in
            page.element(.table) { page in
                page.element(.thead) { page in
                    page.element(.tr) { page in
                        for column in shown {
                            let title = table.columns[column].title.capitalizedWords
                            page.element(.th, Self.alignment(table.columns[column], .scope, "col"), text: title)
                        }
                    }
                }
                page.element(.tbody) { page in
                    for row in table.rows {
                        page.element(.tr) { page in
                            for column in shown {
                                page.cell(row[column], table.columns[column], isFirst: column == shown.first)
                            }
                        }
                    }
                }
            }
        }
    }

    private mutating func cell(_ cell: TextTable.Cell, _ column: TextTable.Column, isFirst: Bool) {
        if isFirst { return element(.th, [.scope: "row"], text: cell.text) }
        switch (column.isNumber, cell.cellStyle == .bad) {
        case (true, true): element(.td, [.kind: "number bad-text"], text: cell.text)
        case (true, false): element(.td, [.kind: "number"], text: cell.text)
        case (false, true): element(.td, [.kind: "bad-text"], text: cell.text)
        case (false, false): element(.td, text: cell.text)
        }
    }

    private static func alignment(
        _ column: TextTable.Column, _ attribute: Attribute, _ value: String
    ) -> Attributes {
        column.isNumber ? [attribute: value, .kind: "number"] : [attribute: value]
    }
}

extension String {
    /// The text with only its first letter in upper case: `Share of time` for `SHARE OF TIME`.
    fileprivate var capitalizedWords: String { String(prefix(1)) + dropFirst().lowercased() }
}

/// `RESULTS.md`: every section that was kept, each with its own date and commit, and what was missed first.
struct ResultsPage {
    let sections: [Section]
    /// Notes on sections, by their names: most often the profile that shows why a bar is missed.
    let notes: [String: String]

    var text: String {
        var parts = [Self.opening, summary]
        if let machine { parts.append(Self.facts(machine)) }
        for section in sections { parts.append(text(of: section)) }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private static let opening = """
        # Results

        What `Scripts/bench all` measured: whole processes, with their start, beside what one would use instead, the two in
        turn in one run. Each row has the median of the rounds and their range; a ratio is taken round by round, so that its
        range is that of the pairs. `Scripts/bench` writes this page and the charts; figures are never set by hand.
        """

    /// The machine that all sections share; nil when they were measured on several.
    private var machine: [Section.Fact]? {
        guard let first = sections.first?.machine, sections.allSatisfy({ $0.machine == first }) else { return nil }
        return first
    }

    private var summary: String {
        let rows = sections.flatMap { section in section.rows.filter { $0.bar != nil }.map { (section, $0) } }
        func count(_ verdict: Verdict) -> Int { rows.count { $0.1.verdict == verdict } }
        var text = "**Bars: \(count(.met)) met, \(count(.missed)) missed, \(count(.skipped)) not measured.**"
        let open = rows.filter { $0.1.verdict != .met }
        if !open.isEmpty {
            text += " Missed or not measured:\n\n"
            text += open.map { section, row in "- \(section.title): \(Self.sentence(row))" }.joined(separator: "\n")
        }
        return text
    }

    private static func sentence(_ row: Row) -> String {
        let bar = row.bar.map { NumberText.bar($0, row.unit) } ?? ""
        guard let figure = row.figure else { return "\(row.name): not measured (\(row.skipped ?? ""))" }
        return "\(row.name): \(NumberText.of(figure.median, row.unit)), and the bar is \(bar)"
    }

    private func text(of section: Section) -> String {
        var parts = ["## \(section.title)"]
        var taken = "\(section.sizes). Taken \(section.date) on \(section.commit)"
        if section.isQuick { taken += ", **a quick run**" }
        if !section.versions.isEmpty {
            taken += "; " + section.versions.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
        }
        parts.append(taken + ".")
        if machine == nil { parts.append(Self.facts(section.machine)) }
        parts += section.charts.map { "![\($0.title)](Charts/\($0.name).svg)" }
        parts.append(Self.table(section.rows))
        if let note = notes[section.name] { parts.append(note) }
        return parts.joined(separator: "\n\n")
    }

    private static func facts(_ facts: [Section.Fact]) -> String {
        "| | |\n|---|---|\n" + facts.map { "| \($0.name) | \($0.value) |" }.joined(separator: "\n")
    }

    private static func table(_ rows: [Row]) -> String {
        "| | median | range | bar | |\n|---|--:|---|---|---|\n"
            + rows.map { row in
                let bar = row.bar.map { NumberText.bar($0, row.unit) } ?? ""
                guard let figure = row.figure else {
                    return "| \(row.name) | – | | \(bar) | skipped: \(row.skipped ?? "") |"
                }
                let verdict = row.verdict == .missed ? "**missed**" : row.verdict == .none ? "" : row.verdict.rawValue
                let median = NumberText.of(figure.median, row.unit)
                return "| \(row.name) | \(median) | \(NumberText.range(figure)) | \(bar) | \(verdict) |"
            }.joined(separator: "\n")
    }
}

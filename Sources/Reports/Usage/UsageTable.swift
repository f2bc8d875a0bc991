/// Tables of usage in a terminal.
enum UsageTable {
    /// Returns a table with all figures of each row. `title` is the title of the first column.
    static func commands(_ rows: [UsageRow], title: String = "COMMAND", _ style: TerminalStyle) -> TextTable {
        let mostMS = rows.compactMap { $0.isSummary ? nil : $0.totalMS }.max() ?? 0
        let columns: [(column: TextTable.Column, cell: (UsageRow) -> TextTable.Cell?)] = [
            (.name(title), name),
            (.number("COUNT", rank: 0), { .init(NumberText.grouped($0.count)) }),
            (.number("SUCCESS", rank: 3), { $0.successRate == nil ? nil : success($0) }),
            (.number("CHANGE", rank: 3), successChange),
            (.number("P50", rank: 1), { $0.p50 == nil ? nil : latency($0.p50) }),
            (.number("CHANGE", rank: 1), medianChange),
            (.number("P95", rank: 2), { $0.p95 == nil ? nil : latency($0.p95) }),
            (.number("TOTAL", rank: 2), { row in row.totalMS.map { .init(NumberText.duration($0)) } }),
            (
                .text("SHARE OF TIME", rank: 6),
                { row in
                    guard let total = row.totalMS, mostMS > 0, !row.isSummary else { return nil }
                    return .init(Bars.horizontal(Double(total) / Double(mostMS), columns: 13, style), .bar)
                }
            ),
        ]
        return TextTable(rows, columns: columns, blank: { $0.title == "CHANGE" || !$0.isNumber })
    }

    /// Returns the name to show for a row. If the name of the row is the hash of a workspace or task, the known name is
    /// shown. If no name is known, the first digits of the hash are shown.
    private static func name(_ row: UsageRow) -> TextTable.Cell {
        if row.isSummary { return .init(row.name, .muted) }
        return .init(row.knownName ?? KnownNames.short(row.name))
    }

    /// Returns a table of failures by category, with the commands that failed in each category.
    ///
    /// - Parameter commands: the commands that failed, by category (see `UsageReport.failingCommands`).
    static func failures(_ rows: [UsageRow], commands: [String: [String]]) -> TextTable {
        let columns: [(column: TextTable.Column, cell: (UsageRow) -> TextTable.Cell?)] = [
            (.name("CATEGORY"), name), (.number("COUNT", rank: 0), { .init(NumberText.grouped($0.count)) }),
            (.number("CHANGE", rank: 2), { $0.before == nil ? nil : change($0) }),
            (
                .name("COMMANDS"),
                { row in
                    let names = commands[row.isSummary ? "" : row.name] ?? []
                    return .init(names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : ""))
                }
            ),
        ]
        return TextTable(rows, columns: columns, blank: { $0.title == "CHANGE" })
    }

    /// Returns the change of the median against the window before; nil unless the change is significant.
    static func medianChange(_ row: UsageRow) -> TextTable.Cell? {
        row.change?.medianRatio.map { .init(NumberText.change(from: 1, to: $0), $0 > 1 ? .bad : .plain) }
    }

    /// Returns the change of the share of successes, in percentage points; nil unless the change is significant.
    static func successChange(_ row: UsageRow) -> TextTable.Cell? {
        row.change?.successDifference.map { difference in
            let points = Int((difference * 100).rounded())
            return .init(points > 0 ? "+\(points)" : "\(points)", difference < 0 ? .bad : .plain)
        }
    }

    /// Returns a table with the count of each row and its change against the window before.
    static func counts(_ title: String, _ rows: [UsageRow]) -> TextTable {
        let hasBefore = rows.contains { $0.before != nil }
        return TextTable(
            columns: [.name(title), .number("COUNT", rank: 0)] + (hasBefore ? [.number("CHANGE", rank: 1)] : []),
            rows: rows.map {
                [name($0), .init(NumberText.grouped($0.count))] + (hasBefore ? [change($0)] : [])
            })
    }

    /// Returns a table with the count and the outcomes of each row.
    static func outcomes(_ title: String, _ rows: [UsageRow]) -> TextTable {
        let hasBefore = rows.contains { $0.before != nil }
        return TextTable(
            columns: [.name(title), .number("COUNT", rank: 0)] + (hasBefore ? [.number("CHANGE", rank: 2)] : [])
                + [.number("FAILED", rank: 1), .number("SUCCESS", rank: 1)],
            rows: rows.map { row in
                [name(row), .init(NumberText.grouped(row.count))] + (hasBefore ? [change(row)] : [])
                    + [.init(NumberText.grouped(row.failed), row.failed > 0 ? .bad : .plain), success(row)]
            })
    }

    /// Returns a table of sessions.
    static func sessions(_ rows: [UsageRow]) -> TextTable {
        TextTable(
            columns: [
                .name("SESSION"), .number("COMMANDS", rank: 0), .number("ERRORS", rank: 2), .number("LENGTH", rank: 1),
            ],
            rows: rows.map { row in
                [
                    .init(row.name), .init(NumberText.grouped(row.count)),
                    .init(NumberText.grouped(row.failed), row.failed > 0 ? .bad : .plain),
                    .init(row.totalMS.map(NumberText.duration) ?? "open"),
                ]
            })
    }

    /// Returns the cells for the median, the 95th percentile and the total duration.
    static func durations(_ row: UsageRow) -> [TextTable.Cell] {
        [latency(row.p50), latency(row.p95), .init(row.totalMS.map(NumberText.duration) ?? "-")]
    }

    private static func change(_ row: UsageRow) -> TextTable.Cell {
        .init(NumberText.change(from: Double(row.before ?? 0), to: Double(row.count)), .muted)
    }

    private static func success(_ row: UsageRow) -> TextTable.Cell {
        guard let rate = row.successRate else { return "-" }
        return .init(NumberText.percent(rate), rate < 0.9 ? .bad : .plain)
    }

    private static func latency(_ milliseconds: Double?) -> TextTable.Cell {
        .init(milliseconds.map(NumberText.latency) ?? "-")
    }
}

/// Tables of usage in a terminal.
enum UsageTable {
    /// Commands with everything that is known of them.
    static func commands(_ rows: [UsageRow], title: String = "COMMAND", _ style: TerminalStyle) -> TextTable {
        let hasBefore = rows.contains { $0.before != nil }
        let mostMS = rows.compactMap(\.totalMS).max() ?? 0
        let columns: [TextTable.Column] =
            [.name(title), .number("COUNT", rank: 0)] + (hasBefore ? [.number("CHANGE", rank: 4)] : [])
            + [
                .number("SUCCESS", rank: 3), .number("P50", rank: 1), .number("P95", rank: 2), .number("P99", rank: 5),
                .number("TOTAL", rank: 2), .text("SHARE OF TIME", rank: 6),
            ]
        return TextTable(
            columns: columns,
            rows: rows.map { row in
                [.init(row.name), .init(NumberText.grouped(row.count))] + (hasBefore ? [change(row)] : [])
                    + [
                        success(row), latency(row.p50), latency(row.p95), latency(row.p99),
                        .init(row.totalMS.map(NumberText.duration) ?? "-"),
                        .init(
                            mostMS == 0 || row.totalMS == nil
                                ? "" : Bars.horizontal(Double(row.totalMS ?? 0) / Double(mostMS), columns: 13, style),
                            .bar),
                    ]
            })
    }

    /// What is only counted, with the share of all.
    static func counts(_ title: String, _ rows: [UsageRow]) -> TextTable {
        let hasBefore = rows.contains { $0.before != nil }
        return TextTable(
            columns: [.name(title), .number("COUNT", rank: 0)] + (hasBefore ? [.number("CHANGE", rank: 1)] : []),
            rows: rows.map {
                [.init($0.name), .init(NumberText.grouped($0.count))] + (hasBefore ? [change($0)] : [])
            })
    }

    /// What is counted and succeeds or fails.
    static func outcomes(_ title: String, _ rows: [UsageRow]) -> TextTable {
        let hasBefore = rows.contains { $0.before != nil }
        return TextTable(
            columns: [.name(title), .number("COUNT", rank: 0)] + (hasBefore ? [.number("CHANGE", rank: 2)] : [])
                + [.number("FAILED", rank: 1), .number("SUCCESS", rank: 1)],
            rows: rows.map { row in
                [.init(row.name), .init(NumberText.grouped(row.count))] + (hasBefore ? [change(row)] : [])
                    + [.init(NumberText.grouped(row.failed), row.failed > 0 ? .bad : .plain), success(row)]
            })
    }

    /// Sessions with what happened in them.
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

/// A row as a comparison declares it: its name, then flags.
///
///     --of SERIES [--minus SERIES] [--over SERIES] [--times N | --rate N]    how it is computed: `Formula`
///     --skipped REASON                                                       in place of that: why it was not measured
///     --unit UNIT                                                            without one it is a ratio
///     --at-most N | --at-least N                                             its bar
///     --chart NAME [--ours]                                                  shown in that chart, as a bar of Nexus
struct RowDefinition {
    let name: String
    private(set) var formula = Formula()
    private(set) var skipped: String?
    private(set) var unit = ""
    private(set) var bar: Bar?
    private(set) var chart: String?
    private(set) var isOurs = false

    init(_ words: some Collection<String>) throws(ReportError) {
        guard let name = words.first else { throw ReportError("a row has no name") }
        self.name = name
        var rest = words.dropFirst()
        while let flag = rest.popFirst() {
            if flag == "--ours" {
                isOurs = true
                continue
            }
            guard let value = rest.popFirst() else { throw ReportError("\(flag) of '\(name)' has no value") }
            try set(flag, to: value)
        }
        guard skipped != nil || !formula.of.isEmpty else {
            throw ReportError("'\(name)' says neither --of nor --skipped")
        }
    }

    private mutating func set(_ flag: String, to value: String) throws(ReportError) {
        switch flag {
        case "--of": formula.of = value
        case "--minus": formula.minus = value
        case "--over": formula.over = value
        case "--times": formula.times = try number(value, of: flag)
        case "--rate": formula.rate = try number(value, of: flag)
        case "--skipped": skipped = value
        case "--unit": unit = value
        case "--at-most": bar = Bar(side: .atMost, limit: try number(value, of: flag))
        case "--at-least": bar = Bar(side: .atLeast, limit: try number(value, of: flag))
        case "--chart": chart = value
        default: throw ReportError("'\(name)' has a flag that is not known: \(flag)")
        }
    }

    private func number(_ text: String, of flag: String) throws(ReportError) -> Double {
        guard let number = Double(text) else { throw ReportError("\(flag) of '\(name)' is not a number: \(text)") }
        return number
    }

    /// The row, with the numbers that were measured.
    func row(from series: [String: [Double]]) throws(ReportError) -> Row {
        let figure = skipped == nil ? Figure(rounds: try formula.rounds(in: series)) : nil
        let verdict: Verdict =
            if let figure { bar.map { $0.isMet(by: figure.median) ? .met : .missed } ?? .none } else { .skipped }
        return Row(
            name: name, unit: unit, figure: figure, bar: bar, verdict: verdict, skipped: skipped, chart: chart,
            isOurs: isOurs)
    }
}

/// Why there is no report, in words for who wrote the comparison.
struct ReportError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

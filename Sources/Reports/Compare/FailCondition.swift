import SystemSupport

/// A condition of `nexus compare --fail-if`. It has a figure, an operator (`>`, `>=`, `<` or `<=`) and a change in
/// percent, as in `p95 > +20%`.
///
/// The percentage is relative to the earlier window. For `success`, the change is in percentage points: `success < -5%`
/// is met by a fall from 97 % to less than 92 %. Only a significant change meets a condition.
package struct FailCondition: Equatable, Sendable {
    package enum Comparator: String, CaseIterable, Sendable {
        case atLeast = ">=", atMost = "<=", above = ">", below = "<"

        func isMet(_ value: Double, _ limit: Double) -> Bool {
            switch self {
            case .atLeast: value >= limit
            case .atMost: value <= limit
            case .above: value > limit
            case .below: value < limit
            }
        }
    }

    package let metric: Comparison.Metric
    package let comparator: Comparator
    /// The change to compare with, in percent, or for `success` in percentage points.
    package let limit: Double

    /// The accepted form of a condition, for messages.
    package static let accepted =
        "FIGURE OPERATOR PERCENT, as in 'p95 > +20%'; figures are count, failed, success, p50, p95 and total, operators "
        + "are >, >=, < and <="

    /// Parses a condition; nil if the text has another form.
    package init?(_ text: String) {
        let compact = text.filter { $0 != " " }
        guard compact.hasSuffix("%"),
            let metric = Comparison.Metric.allCases.first(where: { compact.hasPrefix($0.rawValue) })
        else { return nil }
        let rest = compact.dropFirst(metric.rawValue.count).dropLast()
        guard let comparator = Comparator.allCases.first(where: { rest.hasPrefix($0.rawValue) }) else { return nil }
        let number = rest.dropFirst(comparator.rawValue.count)
        let allowed = number.utf8.enumerated().allSatisfy { index, byte in
            (48...57).contains(byte) || byte == UInt8(ascii: ".")
                || (index == 0 && (byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")))
        }
        guard allowed, let limit = Double(number), limit.isFinite else { return nil }
        self.metric = metric
        self.comparator = comparator
        self.limit = limit
    }

    package var text: String {
        let number = limit == limit.rounded() && abs(limit) < 1e15 ? String(Int(limit)) : String(limit)
        return "\(metric.rawValue) \(comparator.rawValue) \(limit > 0 ? "+" : "")\(number)%"
    }

    /// A command that meets a condition.
    package struct Violation: Equatable, Sendable {
        package let condition: FailCondition
        package let command: String
        /// The change of the figure in percent, or for `success` in percentage points. It is infinite if the figure was
        /// zero in the earlier window.
        package let change: Double
    }

    /// Returns the commands that meet the condition.
    package func violations(in comparison: Comparison) -> [Violation] {
        comparison.rows.compactMap { row in
            guard row.clear.contains(metric), let change = row.change(metric), comparator.isMet(change, limit) else {
                return nil
            }
            return Violation(condition: self, command: row.command, change: change)
        }
    }
}

import Foundation

/// How numbers look: three digits that count, and thousands set apart.
enum NumberText {
    static func of(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let magnitude = abs(value)
        if magnitude >= 100 { return grouped(rounded(value)) }
        let places = magnitude >= 10 ? 1 : magnitude >= 0.1 || magnitude == 0 ? 2 : 4
        return String(format: "%.\(places)f", value)
    }

    static func of(_ value: Double, _ unit: String) -> String { unit.isEmpty ? of(value) : "\(of(value)) \(unit)" }

    /// The least and the greatest, or nothing where there is only one.
    static func range(_ figure: Figure) -> String {
        figure.rounds.count > 1 ? "\(of(figure.low))…\(of(figure.high))" : ""
    }

    static func bar(_ bar: Bar, _ unit: String) -> String {
        let limit = bar.limit == bar.limit.rounded() ? grouped(Int(bar.limit)) : "\(bar.limit)"
        return "\(bar.side.rawValue) \(limit)" + (unit.isEmpty ? "" : " \(unit)")
    }

    private static func rounded(_ value: Double) -> Int {
        let step = max(1, pow(10, (log10(abs(value))).rounded(.down) - 2))
        return Int((value / step).rounded() * step)
    }

    private static func grouped(_ number: Int) -> String {
        var text = ""
        for (index, digit) in String(number.magnitude).reversed().enumerated() {
            if index > 0 && index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + String(text.reversed())
    }
}

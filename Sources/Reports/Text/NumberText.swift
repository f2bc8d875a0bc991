package import Core
import SystemSupport

/// The format of numbers in a report.
package enum NumberText {
    /// Returns a duration in one or two units: `2h 15m`, `3m 20s`, `12s` or `450ms`.
    package static func duration(_ milliseconds: Int64) -> String {
        let seconds = (milliseconds + 500) / 1000
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3600 { return "\(seconds / 60)m \(seconds % 60)s" }
        let minutes = (milliseconds + 30_000) / 60_000
        if minutes < 24 * 60 { return "\(minutes / 60)h \(minutes % 60)m" }
        return "\(minutes / 1440)d \(minutes % 1440 / 60)h"
    }

    /// Returns a duration with one decimal digit for seconds under ten: `8.2s`.
    package static func latency(_ milliseconds: Double) -> String {
        let rounded = Int64(milliseconds.rounded())
        guard rounded >= 1000, rounded < 9950 else { return duration(rounded) }
        let tenths = (rounded + 50) / 100
        return "\(tenths / 10).\(tenths % 10)s"
    }

    /// Returns `17 bytes`, `1.5 KiB` or `3.2 MiB`.
    package static func bytes(_ bytes: Int) -> String {
        if bytes < 1024 { return bytes.counted("byte") }
        let units = ["KiB", "MiB", "GiB", "TiB"]
        var size = Double(bytes) / 1024
        var unit = 0
        while size >= 1024, unit < units.count - 1 {
            size /= 1024
            unit += 1
        }
        let tenths = Int((size * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    /// Returns a whole percentage. A share below 1 never becomes 100 %, and a share above 0 never becomes 0 %.
    package static func percent(_ share: Double) -> String {
        let rounded = Int((share * 100).rounded())
        if rounded == 100 && share < 1 { return "99%" }
        if rounded == 0 && share > 0 { return "1%" }
        return "\(rounded)%"
    }

    /// Returns a value with at most four decimal digits, because reported values are not measured more precisely. A
    /// fraction never becomes a whole number, so that a share of 1 means all.
    package static func rounded(_ value: Double) -> Double {
        let scaled = value * 10_000
        let whole = value.rounded()
        guard value != whole, scaled.rounded() == whole * 10_000 else { return scaled.rounded() / 10_000 }
        return (whole * 10_000 + (value > whole ? 1 : -1)) / 10_000
    }

    /// Returns a number with its digits in groups of three: `2,000`.
    package static func grouped(_ number: Int) -> String {
        let digits = String(number.magnitude).utf8
        var text = number < 0 ? "-" : ""
        var left = digits.count
        for digit in digits {
            text.unicodeScalars.append(Unicode.Scalar(digit))
            left -= 1
            if left > 0 && left % 3 == 0 { text.append(",") }
        }
        return text
    }

    /// Returns `1 event` or `2,000 events`.
    package static func counted(_ number: Int, _ noun: String) -> String {
        grouped(number) + " " + noun + (number == 1 ? "" : "s")
    }

    /// Returns the change of a number: `+12%`, `-5%`, `=`; `x12` for factors of ten and above; `new` when the old
    /// number was zero.
    package static func change(from old: Double, to new: Double) -> String {
        if old == new { return "=" }
        if old <= 0 { return "new" }
        let ratio = new / old
        if ratio >= 10 { return "x" + grouped(Int(min(ratio, 1e15).rounded())) }
        let percent = Int(((ratio - 1) * 100).rounded())
        // A change is never printed as zero.
        if percent == 0 { return ratio > 1 ? "+1%" : "-1%" }
        return percent > 0 ? "+\(percent)%" : "\(percent)%"
    }

    /// Returns a factor: `2.1x`, `12x`.
    package static func factor(_ factor: Double) -> String {
        let tenths = Int((min(factor, 1e15) * 10).rounded())
        return tenths >= 100 ? "\(grouped((tenths + 5) / 10))x" : "\(tenths / 10).\(tenths % 10)x"
    }
}

extension JSONValue {
    /// Returns a number rounded by `NumberText.rounded`. A missing number is null. An infinite number is null too,
    /// because JSON has no infinite numbers.
    package static func number(_ number: Double?) -> JSONValue {
        guard let number, number.isFinite else { return .null }
        guard abs(number) < 1e14 else { return .number(String(number)) }
        let rounded = NumberText.rounded(number)
        return .number(rounded == rounded.rounded() ? String(Int64(rounded)) : String(rounded))
    }
}

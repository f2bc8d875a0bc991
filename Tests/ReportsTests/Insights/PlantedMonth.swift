import Core
import TestSupport

/// A month of work with two planted changes: a build that takes twice as long from day 21 on, and tests that fail ten times
/// as often from day 23 on.
enum PlantedMonth {
    static let days = 30
    static let slowFrom = 21
    static let failingFrom = 23
    /// Midnight (UTC) of the first day, in milliseconds since 1970.
    static let start =
        ReportHarness.now / Timestamp.millisecondsPerDay * Timestamp.millisecondsPerDay
        - 29 * Timestamp.millisecondsPerDay

    /// The events of the month; the last day ends at the harness's time.
    static func lines(changed: Bool, workspace: String? = nil) -> [String] {
        let place = workspace.map { #","workspace":"\#($0)""# } ?? ""
        var random = SeededGenerator(seed: 23)
        var lines: [String] = []
        for day in 1...days {
            for run in 0..<24 {
                let time = start + Int64(day - 1) * Timestamp.millisecondsPerDay + Int64(run) * 1_200_000 + 3_600_000
                guard time < ReportHarness.now else { continue }
                let text = Timestamp.rfc3339(time)
                let slow: Double = changed && day >= slowFrom ? 2 : 1
                let duration = Int(slow * Double.random(in: 3000...6000, using: &random))
                lines.append(
                    #"{"command":"cargo build","timestamp":"\#(text)","duration_ms":\#(duration),"success":true\#(place)}"#
                )
                let chance = changed && day >= failingFrom ? 0.3 : 0.03
                let fails = Double.random(in: 0..<1, using: &random) < chance
                let tests = Int.random(in: 800...1200, using: &random)
                lines.append(
                    #"{"command":"cargo test","timestamp":"\#(text)","duration_ms":\#(tests),"success":\#(!fails)\#(place)}"#
                )
                let other = Int.random(in: 10...40, using: &random)
                lines.append(
                    #"{"command":"git status","timestamp":"\#(text)","duration_ms":\#(other),"success":true\#(place)}"#)
            }
        }
        return lines
    }
}

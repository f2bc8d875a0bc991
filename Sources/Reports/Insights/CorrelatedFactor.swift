package import Core

/// A factor that correlates with longer runs of a command: a template, a number of services, or a number of ports.
package struct CorrelatedFactor: Equatable, Sendable {
    package enum Attribute: String, Sendable, CaseIterable {
        case template, services, ports
    }

    /// The runs of a command in two groups: the runs with one value of an attribute, and the other runs.
    package struct Division: Sendable {
        package let command: String
        package let attribute: Attribute
        package let value: String
        /// The durations of the runs with this value, in order of time. Each histogram covers one or more days.
        package let with: [LatencyHistogram]
        /// The durations of the other runs of the command, in order of time. Each histogram covers one or more days.
        /// There are histograms only for ranges of days in which a run has the value.
        package let without: [LatencyHistogram]

        package init(
            command: String, attribute: Attribute, value: String, with: [LatencyHistogram],
            without: [LatencyHistogram]
        ) {
            self.command = command
            self.attribute = attribute
            self.value = value
            self.with = with
            self.without = without
        }
    }

    package let command: String
    package let attribute: Attribute
    package let value: String
    package let runsWith: Int
    package let runsWithout: Int
    /// The median duration of the runs with the value, in milliseconds.
    package let medianWith: Double
    /// The median duration of the other runs (see `Division.without`), in milliseconds.
    package let medianWithout: Double

    /// `medianWith` divided by `medianWithout`.
    package var factor: Double { medianWith / max(medianWithout, 1) }
    /// The additional time of the runs with the value, compared with the runs without it, in milliseconds.
    package var timeLostMS: Double { (medianWith - medianWithout) * Double(runsWith) }

    /// Returns the most expensive correlated factor of each command that has such a factor. Each comparison has an
    /// equal share of the probability of a false alarm.
    package static func search(_ divisions: [Division]) -> [CorrelatedFactor] {
        let eligible = divisions.filter { division in
            [division.with, division.without].allSatisfy { days in
                days.reduce(0) { $0 + $1.count } >= FindingRules.runsCompared
            }
        }
        let chance = FindingRules.correlatedFactorChance / Double(max(1, eligible.count))
        var found: [String: CorrelatedFactor] = [:]
        for division in eligible {
            guard let correlatedFactor = judge(division, chance: chance) else { continue }
            if let other = found[division.command], other.timeLostMS >= correlatedFactor.timeLostMS { continue }
            found[division.command] = correlatedFactor
        }
        return found.values.sorted { ($1.timeLostMS, $0.command) < ($0.timeLostMS, $1.command) }
    }

    private static func judge(_ division: Division, chance: Double) -> CorrelatedFactor? {
        var (with, without) = (LatencyHistogram(), LatencyHistogram())
        for day in division.with { with.merge(day) }
        for day in division.without { without.merge(day) }
        guard let medianWith = with.quantile(0.5), let medianWithout = without.quantile(0.5),
            max(medianWith, 1) / max(medianWithout, 1) >= FindingRules.smallestFactor
        else { return nil }
        let place = division.without.count
        let ranks = RankHistory(division.without + division.with)
        guard with.dominance(over: without) >= FindingRules.smallestDominance,
            ranks.chanceOfSlower(from: place) <= chance
        else { return nil }
        return CorrelatedFactor(
            command: division.command, attribute: division.attribute, value: division.value, runsWith: with.count,
            runsWithout: without.count, medianWith: medianWith, medianWithout: medianWithout)
    }
}

/// What a finding must rest on before it is told: every threshold of `nexus insights`, each with its reason.
///
/// A report searches many commands at many moments, and whoever searches long enough finds something in pure chance.
/// So the chance of a false alarm is set for a whole report, and shared out: a single comparison counts only when its
/// probability under "nothing changed", times the number of moments compared, times the number of commands compared,
/// stays under the share of its kind (Bonferroni). That needs no assumption on how the comparisons hang together.
package enum FindingRules {
    /// Chance that a whole report over an unchanged stream says that some command became slower.
    static let slowdownChance = 0.004
    /// The same for failing more often.
    static let failureChance = 0.001
    /// The same for failing without end; smaller, as the chances that it is compared with are themselves estimates.
    static let streakChance = 0.0001
    /// The same for what goes along with slow runs.
    static let companionChance = 0.001
    /// The same for repeating what failed.
    static let retryChance = 0.0005

    /// The same for a comparison of two windows: that it shows any change at all.
    static let comparisonChance = 0.01

    /// Runs that a command must have before a change: fewer do not tell what is usual.
    package static let runsBefore = 20
    /// Runs after a change: the least with which even a change beyond all noise passes the bar.
    package static let runsAfter = 10
    /// Quarters of an hour, on each side, in which those runs lie: one long loop is one occasion, not many.
    static let occasions = 3
    /// By how much the median must grow: less is not worth a person's time, however certain it is.
    static let smallestFactor = 1.25
    /// In what share of pairs, one run from before and one from after, the later one must be the slower.
    static let smallestDominance = 0.6
    /// Failures after a change: fewer are an afternoon, not a trend.
    static let failuresAfter = 5
    /// By how much the odds of failing must grow.
    static let smallestOddsRatio = 2.0
    /// Runs in a row that failed, at least.
    static let streakLength = 5
    /// Runs of a command in each of two windows that are compared.
    static let runsPerWindow = 10
    /// Days in each of two windows, from which on counts and total times are compared: they vary from day to day.
    static let daysPerWindow = 3
    /// By how much a duration must differ between two windows to be shown.
    static let smallestRatio = 1.1
    /// Runs with and without a template or a number of services that are compared.
    static let runsCompared = 20
    /// The share of all recorded time that repeating one command must cost to stand out.
    static let retryShare = 0.05

    /// Commands that are compared, the most time-consuming first: beyond them nobody would look, and each costs all
    /// others certainty.
    static let comparedCommands = 64
    /// Times that a history is cut in two, and its parts again: sixteen stretches at most.
    static let segmentationDepth = 4
}

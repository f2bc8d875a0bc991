/// The evidence that a finding needs: every threshold of `nexus insights`, each with its reason.
///
/// A report searches many commands at many points in time, and a long search finds differences by pure chance. The probability of
/// a false alarm is therefore set for a whole report and divided (Bonferroni). A comparison is significant if its probability
/// under "nothing changed" is small enough. That probability, times the numbers of compared points and commands, must stay below
/// the share of its kind. This needs no assumption on how the comparisons correlate.
package enum FindingRules {
    /// Probability that a report on an unchanged stream reports a slowdown of any command.
    static let slowdownChance = 0.004
    /// The same for a rise of failures.
    static let failureChance = 0.001
    /// The same for a streak of failures. It is smaller, as the probabilities compared with it are themselves estimates.
    static let streakChance = 0.0001
    /// The same for correlated factors.
    static let correlatedFactorChance = 0.001
    /// The same for retries after failures.
    static let retryChance = 0.0005

    /// The same for a comparison of two windows that shows any change.
    static let comparisonChance = 0.01

    /// Runs that a command needs before a change: fewer do not show its usual figures.
    package static let runsBefore = 20
    /// Runs after a change. With fewer, even a change beyond all noise would not be significant.
    package static let runsAfter = 10
    /// Number of 15-minute buckets, on each side, that contain those runs: one long loop is a single occasion.
    static let occasions = 3
    /// Smallest growth of the median, as a factor: less is not worth a user's time, however certain it is.
    static let smallestFactor = 1.25
    /// Smallest share of pairs, one run from before and one from after, in which the later one is slower.
    static let smallestDominance = 0.6
    /// Failures after a change: fewer may be one bad afternoon.
    static let failuresAfter = 5
    /// Smallest growth of the odds of failing, as a factor.
    static let smallestOddsRatio = 2.0
    /// Least number of consecutive failures.
    static let streakLength = 5
    /// Runs that a command needs in two compared windows, on average for each.
    static let runsPerWindow = 10
    /// Days that each of two compared windows needs before counts and total times are compared: they vary from day to day.
    static let daysPerWindow = 3
    /// Smallest ratio of a duration between two windows that is shown.
    static let smallestRatio = 1.1
    /// Runs that a comparison needs with and without a template or a number of services.
    static let runsCompared = 20
    /// Smallest share of all recorded time that repeating one command must cost.
    static let retryShare = 0.05

    /// Limit of compared commands, the most time-consuming first. Users would not read further ones, and each lowers the power of
    /// all other comparisons.
    static let comparedCommands = 64
    /// Depth of the segmentation of a history: sixteen ranges at most.
    static let segmentationDepth = 4
}

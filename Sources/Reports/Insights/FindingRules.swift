/// The evidence that a finding needs: every threshold of `nexus insights`, each with its reason.
///
/// A report searches many commands at many points in time, and a long search finds differences by pure chance. The
/// probability of a false alarm is therefore set for a whole report and divided among its comparisons (Bonferroni). A
/// comparison is significant if its probability under the hypothesis "nothing changed" is small enough. This
/// probability is multiplied by the number of compared points in time and by the number of compared commands. The
/// product must stay below the limit for the kind of finding. This rule needs no assumption on how the comparisons
/// correlate.
package enum FindingRules {
    /// Probability that a report shows a slowdown of any command by chance alone.
    static let slowdownChance = 0.004
    /// Probability that a report shows a rise of failures by chance alone.
    static let failureChance = 0.001
    /// Probability that a report shows a streak of failures by chance alone. This limit is smaller than the other
    /// limits, because the probabilities compared with it are themselves estimates.
    static let streakChance = 0.0001
    /// Probability that a report shows a correlated factor by chance alone.
    static let correlatedFactorChance = 0.001
    /// Probability that a report shows retries after failures by chance alone.
    static let retryChance = 0.0005

    /// Probability that a comparison of two windows shows a change although nothing changed.
    static let comparisonChance = 0.01

    /// Runs that a command needs before a change, because fewer runs do not show the usual figures of the command.
    package static let runsBefore = 20
    /// Runs that a command needs after a change. With fewer runs, even a change beyond all noise would not be
    /// significant.
    package static let runsAfter = 10
    /// Least number of points of a history, 15-minute buckets or days, on each side of a change. Fewer points may have
    /// only the runs of one loop, which are a single occasion.
    static let occasions = 3
    /// Smallest growth of the median, as a factor. A smaller growth is not worth a user's time, even if it is certain.
    static let smallestFactor = 1.25
    /// Smallest share of pairs in which the second run is slower. A pair is a run before and a run after a change, or a
    /// run without and a run with a correlated factor.
    static let smallestDominance = 0.6
    /// Failures that a finding needs after a change, because fewer failures may be one bad afternoon. A finding about
    /// retries needs this number of failures in all.
    static let failuresAfter = 5
    /// Smallest growth of the odds of failing, as a factor.
    static let smallestOddsRatio = 2.0
    /// Least number of consecutive failures that count as a streak.
    static let streakLength = 5
    /// Runs that a command needs in each of two compared windows. For counts and total times, it is enough if the two
    /// windows together have twice this number.
    static let runsPerWindow = 10
    /// Days that each of two windows needs for a comparison of counts and total times, because counts and times vary
    /// from day to day.
    static let daysPerWindow = 3
    /// Smallest ratio of the durations in two windows that counts as a change.
    static let smallestRatio = 1.1
    /// Runs that a correlated factor needs on each side: runs with one template, one number of services or one number
    /// of ports, and the command's other runs. A command also needs this number of runs to be listed by its p95.
    static let runsCompared = 20
    /// The repetitions of a command after a failure must take at least this share of the total time of all runs.
    static let retryShare = 0.05

    /// Limit of compared commands, the most time-consuming first. Users would not read about further commands, and each
    /// further command lowers the power of all other comparisons.
    static let comparedCommands = 64
    /// Depth of the segmentation of a history. This depth gives at most sixteen ranges.
    static let segmentationDepth = 4
}

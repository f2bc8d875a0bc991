/// How far the runs of a history know of each other.
enum Dependence {
    /// By how much the variance of a sum over runs is larger than that of runs that know nothing of each other; never
    /// under 1.
    ///
    /// Runs of one quarter of an hour are alike (the same load of the machine, the same mistake in the code), and so are
    /// neighbouring quarters. Taken for independent they would make any noise significant. Measured on what a cut leaves
    /// unexplained, in the `parts` between the cuts: the variance between places against that inside them, and the
    /// correlation of each place with the next, carried on as one that dies away geometrically.
    ///
    /// For each place of the history there are the number of its runs, and the sum and the sum of the squares of what
    /// is looked at (a rank, or 1 for a failure).
    static func inflation(runs: [Int], scores: [Double], squares: [Double], of parts: [Range<Int>]) -> Double {
        var residuals: [Double] = []
        var (unexplained, between) = (0.0, 0.0)
        for part in parts {
            let number = part.reduce(0) { $0 + runs[$1] }
            let mean = part.reduce(0) { $0 + scores[$1] } / Double(max(1, number))
            for place in part where runs[place] > 0 {
                let count = Double(runs[place])
                let residual = scores[place] - mean * count
                residuals.append(residual / count.squareRoot())
                between += residual * residual
                unexplained += squares[place] - 2 * mean * scores[place] + mean * mean * count
            }
        }
        guard unexplained > 0, residuals.count > 2 else { return 1 }
        let power = residuals.reduce(0) { $0 + $1 * $1 }
        let neighbours = zip(residuals, residuals.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
        let correlation = min(0.95, max(0, power > 0 ? neighbours / power : 0))
        return max(1, between / unexplained) * (1 + correlation) / (1 - correlation)
    }
}

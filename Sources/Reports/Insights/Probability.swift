import Foundation

/// The two distributions for the tests of findings.
enum Probability {
    /// Returns the probability that a standard normal variable exceeds `z`.
    static func normalUpperTail(_ z: Double) -> Double { 0.5 * erfc(z / 2.0.squareRoot()) }

    /// Returns the p-value of Fisher's exact test, one-sided. Of `total` runs, `marked` are marked. The result is the
    /// probability that `drawn` runs picked at random include at least `hits` marked runs. All parameters are counts.
    /// The result is 0 if `hits` is greater than `marked` or `drawn`.
    static func hypergeometricUpperTail(hits: Int, drawn: Int, marked: Int, total: Int) -> Double {
        let most = min(drawn, marked)
        guard hits > max(0, drawn + marked - total) else { return 1 }
        guard hits <= most else { return 0 }
        let first =
            logChoose(marked, hits) + logChoose(total - marked, drawn - hits) - logChoose(total, drawn)
        // Each term is computed from the previous term. The sum ends at the first negligible term. Later terms are
        // negligible too, because from there on each term is smaller than the previous term.
        var term = 1.0
        var sum = 1.0
        var count = hits
        while count < most {
            term *= Double(marked - count) * Double(drawn - count)
            term /= Double(count + 1) * Double(total - marked - drawn + count + 1)
            sum += term
            count += 1
            if term < sum * 1e-12 { break }
        }
        return min(1, exp(first + log(sum)))
    }

    private static func logChoose(_ n: Int, _ k: Int) -> Double {
        logFactorial(n) - logFactorial(k) - logFactorial(n - k)
    }

    /// Returns the logarithm of `n!`. The result is exact for `n` below 16. For larger `n`, Stirling's series gives
    /// twelve correct digits.
    private static func logFactorial(_ n: Int) -> Double {
        if n < 16 { return log((1...max(n, 1)).reduce(1.0) { $0 * Double($1) }) }
        let x = Double(n)
        return x * log(x) - x + 0.5 * log(2 * .pi * x) + 1 / (12 * x) - 1 / (360 * x * x * x)
            + 1 / (1260 * x * x * x * x * x)
    }
}

/// The correlation of the runs of a history.
enum Dependence {
    /// Returns the variance inflation, at least 1: the variance of a sum over the runs, divided by the variance that
    /// independent runs would have.
    ///
    /// A history consists of points: 15-minute buckets, days, or ranges of several days. The runs of one point are
    /// alike (the same load of the machine, the same mistake in the code), and so are neighbouring points. If runs
    /// counted as independent, any noise would be significant. The inflation is measured on the residuals: the
    /// differences between the sum of each point and the sum expected from the mean of its part. The inflation is the
    /// product of two factors. The first factor is the variance between points relative to the variance of single runs.
    /// The second factor follows from the correlation of each point with the next point, extrapolated as a geometric
    /// decay.
    ///
    /// - Parameters:
    ///   - runs: the number of runs in each point.
    ///   - scores: for each point the sum of the observed values of its runs. A value is a rank, or 1 for a failure and
    ///     0 for a success.
    ///   - squares: for each point the sum of the squared values.
    ///   - parts: the indices of the points before the change, and of the points after the change.
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

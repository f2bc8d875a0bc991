import Foundation

/// The two distributions that findings are judged by.
enum Probability {
    /// The chance that a standard normal variable exceeds `z`.
    static func normalUpperTail(_ z: Double) -> Double { 0.5 * erfc(z / 2.0.squareRoot()) }

    /// Fisher's exact test, one-sided: the chance that, of `marked` runs among `total`, at least `hits` fall among
    /// `drawn` that are picked blindly. All are counts, `hits` at most both `marked` and `drawn`.
    static func hypergeometricUpperTail(hits: Int, drawn: Int, marked: Int, total: Int) -> Double {
        let most = min(drawn, marked)
        guard hits > max(0, drawn + marked - total) else { return 1 }
        guard hits <= most else { return 0 }
        let first =
            logChoose(marked, hits) + logChoose(total - marked, drawn - hits) - logChoose(total, drawn)
        // Each term follows from the one before; once a term adds nothing more, none after it does, as the hits
        // summed lie in the falling tail or the sum is near one anyway.
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

    /// Exact for small numbers; Stirling's series for others, right to twelve digits.
    private static func logFactorial(_ n: Int) -> Double {
        if n < 16 { return log((1...max(n, 1)).reduce(1.0) { $0 * Double($1) }) }
        let x = Double(n)
        return x * log(x) - x + 0.5 * log(2 * .pi * x) + 1 / (12 * x) - 1 / (360 * x * x * x)
            + 1 / (1260 * x * x * x * x * x)
    }
}

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

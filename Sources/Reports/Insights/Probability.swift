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

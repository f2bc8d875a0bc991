import Core

/// One kind of torture, with the figure that it is held against.
protocol Mode: Sendable {
    /// As it is asked for on the command line.
    var name: String { get }
    /// What the figure must be.
    var bar: String { get }

    /// Does it. Throws `InvariantViolation` when a promise was not kept, and `Missing` when this computer lacks something.
    func run(_ settings: Settings) throws -> Verdict
}

/// What came out of a mode.
struct Verdict {
    let figure: String
    let isMet: Bool

    init(_ figure: String, isMet: Bool) {
        self.figure = figure
        self.isMet = isMet
    }
}

/// What every mode is told.
struct Settings: Sendable {
    let programs: Programs
    let seed: UInt64
    /// How long the mixture goes on.
    let seconds: Int
    /// What counts are multiplied with: 1 for the figures of the bars.
    let scale: Double

    /// A bar's count, scaled, and at least `least`.
    func count(_ whole: Int, least: Int = 1) -> Int { max(least, Int(Double(whole) * scale)) }
}

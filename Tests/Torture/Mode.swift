import Core

/// A kind of fault that is injected into the programs.
protocol Mode: Sendable {
    /// The argument that selects the mode on the command line.
    var name: String { get }
    /// The requirement for the figure of the verdict, as a sentence.
    var bar: String { get }

    /// Runs the mode. Throws `InvariantViolation` if a promise was broken, and `Missing` if this computer cannot run
    /// it.
    func run(_ settings: Settings) throws -> Verdict
}

/// The result of a mode: the measured figure, and whether it meets the mode's bar.
struct Verdict {
    let figure: String
    let isMet: Bool

    init(_ figure: String, isMet: Bool) {
        self.figure = figure
        self.isMet = isMet
    }
}

/// The parameters of all modes.
struct Settings: Sendable {
    let programs: Programs
    let seed: UInt64
    /// The duration of the mode `mixture`.
    let seconds: Int
    /// The factor for the counts of all modes. 1 gives the counts that the bars state.
    let scale: Double

    /// Returns the count `whole` of a bar, multiplied by the scale; at least `least`.
    func count(_ whole: Int, least: Int = 1) -> Int { max(least, Int(Double(whole) * scale)) }
}

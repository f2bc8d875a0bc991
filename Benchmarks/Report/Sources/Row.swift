/// One line of a section: what was measured, and whether it is good enough.
struct Row: Codable, Equatable {
    let name: String
    let unit: String
    /// Nil when it was not measured; `skipped` then says why.
    let figure: Figure?
    let bar: Bar?
    let verdict: Verdict
    let skipped: String?
    /// Which chart shows it, and whether it is Nexus or what Nexus is compared with.
    let chart: String?
    let isOurs: Bool
}

/// What a number has to be.
struct Bar: Codable, Equatable {
    enum Side: String, Codable {
        case atMost = "at most"
        case atLeast = "at least"
    }

    let side: Side
    let limit: Double

    func isMet(by value: Double) -> Bool { side == .atMost ? value <= limit : value >= limit }
}

enum Verdict: String, Codable {
    case met, missed, skipped
    /// It is there to be read, and has no bar.
    case none
}

/// What several rounds of a measurement came to.
struct Figure: Codable, Equatable {
    /// The middle one of the rounds.
    let median: Double
    /// The least and the greatest.
    let low: Double
    let high: Double
    /// Every round, in the order they were taken.
    let rounds: [Double]

    /// Nil when there was no round.
    init?(rounds: [Double]) {
        let sorted = rounds.sorted()
        guard let low = sorted.first, let high = sorted.last else { return nil }
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        self.low = low
        self.high = high
        self.rounds = rounds
    }
}

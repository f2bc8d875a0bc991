/// How a row's number comes from what was measured: (of − minus) / over × times, or rate / (of − minus) where a rate is
/// wanted, each time with the numbers of the same round. Pairs that were taken one after the other share what the machine
/// was doing just then, so that a ratio's spread is that of the pairs, not of the two kinds.
struct Formula: Equatable {
    var of = ""
    var minus: String?
    var over: String?
    var times: Double?
    var rate: Double?

    /// The numbers of all rounds that every part of it has.
    func rounds(in series: [String: [Double]]) throws(ReportError) -> [Double] {
        let of = try Self.named(self.of, in: series)
        let minus = try minus.map { name throws(ReportError) in try Self.named(name, in: series) }
        let over = try over.map { name throws(ReportError) in try Self.named(name, in: series) }
        let count = min(of.count, minus?.count ?? .max, over?.count ?? .max)
        return (0..<count).map { round in
            let value = (of[round] - (minus?[round] ?? 0)) / (over?[round] ?? 1) * (times ?? 1)
            return rate.map { $0 / value } ?? value
        }
    }

    private static func named(_ name: String, in series: [String: [Double]]) throws(ReportError) -> [Double] {
        guard let values = series[name], !values.isEmpty else { throw ReportError("nothing was measured as '\(name)'") }
        return values
    }
}

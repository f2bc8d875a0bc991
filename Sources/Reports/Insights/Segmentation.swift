/// Splits a history at its changes. The history is split at the clearest change, and then each part is split in the
/// same way (binary segmentation).
enum Segmentation {
    /// Returns the ranges between changes, in order; the whole history when nothing changed. `cut` returns the first
    /// index after the clearest change of a range; nil without a change.
    static func ranges(of history: Range<Int>, cut: (Range<Int>) -> Int?) -> [Range<Int>] {
        ranges(of: history, depth: FindingRules.segmentationDepth, cut: cut)
    }

    private static func ranges(of history: Range<Int>, depth: Int, cut: (Range<Int>) -> Int?) -> [Range<Int>] {
        guard depth > 0, let place = cut(history) else { return [history] }
        return ranges(of: history.lowerBound..<place, depth: depth - 1, cut: cut)
            + ranges(of: place..<history.upperBound, depth: depth - 1, cut: cut)
    }

    /// Returns the candidates: the indices at which a range may be split. The candidates are thinned out. From each
    /// candidate to the next, the number of runs on the smaller side grows by at least a tenth.
    ///
    /// The test statistic of a change between two candidates is at most a twentieth too small. In return, the number of
    /// tests grows only with the logarithm of the length. `runs` has the number of runs at each index. The earlier side
    /// needs at least `before` runs, and the later side at least `after` runs. Each side also needs at least
    /// `FindingRules.occasions` indices.
    static func candidates(_ runs: ArraySlice<Int>, before: Int, after: Int) -> [Int] {
        let total = runs.reduce(0, +)
        var places: [Int] = []
        var seen = 0
        for place in runs.indices {
            let (left, right) = (seen, total - seen)
            seen += runs[place]
            guard left >= before, right >= after, place - runs.startIndex >= FindingRules.occasions,
                runs.endIndex - place >= FindingRules.occasions, runs[place] > 0
            else { continue }
            places.append(place)
        }
        return thinned(places, runs: runs, total: total)
    }

    private static func thinned(_ places: [Int], runs: ArraySlice<Int>, total: Int) -> [Int] {
        var sums: [Int: Int] = [:]
        var seen = 0
        var next = 0
        for place in runs.indices where next < places.count {
            if places[next] == place {
                sums[place] = seen
                next += 1
            }
            seen += runs[place]
        }
        // Walks from one end inwards, as long as the side already passed is the smaller side.
        func walk(_ order: some Sequence<Int>, _ side: (Int) -> Int) -> [Int] {
            var last = 0.0
            var kept: [Int] = []
            for place in order {
                let size = side(sums[place] ?? 0)
                guard size * 2 <= total else { break }
                guard Double(size) >= last * 1.1 else { continue }
                kept.append(place)
                last = Double(size)
            }
            return kept
        }
        let early = walk(places) { $0 }
        let late = walk(places.reversed()) { total - $0 }
        return Array(Set(early + late)).sorted()
    }
}

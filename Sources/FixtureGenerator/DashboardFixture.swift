import SystemSupport

/// A small stream with round totals, so that every figure on a dashboard is known in advance.
///
/// Its thirty days contain exactly 12 new workspaces, 47 completed tasks, and twenty sessions with a mean length of 2 h
/// 15 min. The success rate is 94 %. All events are between 06:00 and 20:00 UTC, so that they are on the same days in
/// most time zones.
struct DashboardFixture {
    private let catalogue: Catalogue
    private let seed: UInt64
    private let workdays: [Int]
    private var random: RandomNumbers
    private var steps: ArraySlice<DashboardStep>

    /// Creates the fixture for the thirty days that end with `until`. Everything except the totals depends on the seed.
    init(seed: UInt64, until: CalendarDay, catalogue: Catalogue) {
        self.catalogue = catalogue
        self.seed = seed
        workdays = (until.number - 29...until.number).filter { CalendarDay(number: $0).isWorkday }
        random = RandomNumbers(seed: seed, stream: 0)
        steps = DashboardStep.shuffledSteps(&random)[...]
    }

    /// Writes every event. Each session has its own day, so the events need no sorting by time.
    mutating func write(to writer: inout LineWriter) throws(SystemError) {
        let lengths = drawLengths()
        let total = lengths.reduce(0, +)
        let allSteps = steps.count
        var elapsed = 0
        for (ordinal, length) in lengths.enumerated() {
            // The number of steps of a session is proportional to the session's length. The shares add up to all steps.
            let before = allSteps * elapsed / total
            elapsed += length
            let share = steps.prefix(allSteps * elapsed / total - before)
            steps = steps.dropFirst(share.count)
            try writeSession(ordinal, length: length, steps: share, to: &writer)
        }
    }

    /// Draws session lengths in milliseconds. Lengths are drawn in pairs: the first is as far above the mean as the
    /// second is below the mean.
    private mutating func drawLengths() -> [Int] {
        var lengths: [Int] = []
        for _ in 0..<sessionCount / 2 {
            let difference = random.below(largestDifference)
            lengths.append(meanLength + difference)
            lengths.append(meanLength - difference)
        }
        random.shuffle(&lengths)
        return lengths
    }

    private mutating func writeSession(
        _ ordinal: Int, length: Int, steps: ArraySlice<DashboardStep>, to writer: inout LineWriter
    ) throws(SystemError) {
        // Any thirty days have at least twenty workdays, so each session has its own day. The first and the last
        // workday always have a session.
        let day = workdays[ordinal * (workdays.count - 1) / (sessionCount - 1)]
        let start = earliestStart + random.below(latestEnd - earliestStart - length)
        var place = DashboardPlace(
            day: day, millisecond: start, session: SessionName(seed: seed, ordinal: ordinal),
            workspace: catalogue.drawWorkspace(&random)
        )
        try writer.write(place.boundary(.sessionStarted))
        for time in drawTimes(steps.count, from: start, length: length).enumerated() {
            let gap = time.element - place.millisecond
            place.millisecond = time.element
            let step = steps[steps.startIndex + time.offset]
            try writer.write(place.event(for: step, longest: gap, catalogue: catalogue, &random))
        }
        place.millisecond = start + length
        try writer.write(place.boundary(.sessionEnded))
    }

    /// Returns `count` ascending times after the start and before the end of a session. The session is divided into
    /// `count` equal slices, and each slice has one random time.
    private mutating func drawTimes(_ count: Int, from start: Int, length: Int) -> [Int] {
        let slice = (length - 2) / max(1, count)
        var times: [Int] = []
        for place in 0..<count {
            times.append(start + 1 + place * slice + random.below(slice))
        }
        return times
    }
}

private let sessionCount = 20
private let meanLength = (2 * 60 + 15) * 60_000
private let largestDifference = 100 * 60_000
private let earliestStart = 6 * 3_600_000
private let latestEnd = 20 * 3_600_000

/// Spreads a number of events over sessions, and the sessions over the days.
///
/// Sessions come in pairs, as for a user with two terminals. Both sessions of a pair start on the same day, soon after
/// one another, so that even a small stream has sessions that overlap. Each plan depends only on the seed and the index
/// of its pair. Therefore only running sessions need state.
struct SessionPlanner {
    /// The first day of the stream, as days since 1970-01-01.
    let firstDay: Int
    /// The number of days.
    let days: Int
    /// The number of pairs. If the number of sessions is odd, the last pair has only one session.
    let pairs: Int
    /// The seed of the whole stream.
    let seed: UInt64

    private let events: Int
    private let sessions: Int
    private let dayChoice: WeightedChoice
    private let hourChoice = WeightedChoice(weights: hourWeights)

    /// Plans exactly `events` events on the `days` days that end with `until`.
    init(events: Int, days: Int, until: CalendarDay, seed: UInt64) {
        let first = until.number - days + 1
        self.events = events
        self.days = days
        self.seed = seed
        firstDay = first
        sessions = events == 0 ? 0 : max(1, (events + eventsPerSession / 2) / eventsPerSession)
        pairs = (sessions + 1) / 2
        dayChoice = WeightedChoice(
            weights: (0..<days).map { weekdayWeights[CalendarDay(number: first + $0).weekday] }
        )
    }

    /// The day of a pair, as days since 1970-01-01. A pair's day is never before the day of the previous pair.
    func day(ofPair pair: Int) -> Int {
        var random = source(ofPair: pair)
        return drawDay(ofPair: pair, &random)
    }

    /// Appends the one or two sessions of a pair.
    func appendPlans(ofPair pair: Int, to plans: inout [SessionPlan]) {
        var random = source(ofPair: pair)
        let day = drawDay(ofPair: pair, &random)
        let start =
            (hourChoice.draw(&random) + firstHour) * minutesPerHour * minute
            + random.below(minutesPerHour * minute)
        let ordinal = pair * 2
        let total = eventsBefore(session: min(ordinal + 2, sessions)) - eventsBefore(session: ordinal)
        guard ordinal + 1 < sessions else {
            plans.append(SessionPlan(ordinal: ordinal, day: day, start: start, events: total))
            return
        }
        let share = total * (30 + random.below(41)) / 100
        let delay = (3 + random.below(37)) * minute + random.below(minute)
        plans.append(SessionPlan(ordinal: ordinal, day: day, start: start, events: share))
        plans.append(SessionPlan(ordinal: ordinal + 1, day: day, start: start + delay, events: total - share))
    }

    private func source(ofPair pair: Int) -> RandomNumbers {
        RandomNumbers(seed: seed, stream: UInt64(pair) << 1)
    }

    /// Draws the day of a pair. The total weight of all days is divided into equal slices, one for each pair. A random
    /// position in the pair's slice selects the day.
    private func drawDay(ofPair pair: Int, _ random: inout RandomNumbers) -> Int {
        let position = (pair * dayChoice.total + random.below(dayChoice.total)) / pairs
        return firstDay + dayChoice.index(at: position)
    }

    private func eventsBefore(session: Int) -> Int {
        events * session / sessions
    }
}

/// The average number of events in a session.
private let eventsPerSession = 105

private let minute = 60_000
private let minutesPerHour = 60

/// The weight of each day of the week, Sunday first.
private let weekdayWeights = [1, 20, 22, 22, 21, 17, 2]

/// The weight of each hour (UTC) in which the first session of a pair can start, from `firstHour` on.
private let hourWeights = [1, 4, 12, 18, 12, 8, 5, 14, 10, 8, 5, 3, 2, 1, 1]
private let firstHour = 6

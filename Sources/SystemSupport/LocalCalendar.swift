private import Glibc

/// Converts between instants and days in the user's time zone, with summer time. The user's time zone is `TZ`; if `TZ`
/// is not set, it is the time zone of the computer.
///
/// The conversions use the C library, which supports every form of `TZ` in tzset(3). Foundation on Linux (Swift 6.3.1)
/// silently uses UTC if `TZ` is a rule (`CET-1CEST`) or a file, or begins with a colon.
package enum LocalCalendar {
    /// A day of the calendar.
    package struct Day: Hashable, Comparable, Sendable {
        package let year: Int
        package let month: Int
        package let day: Int

        package init(year: Int, month: Int, day: Int) {
            self.year = year
            self.month = month
            self.day = day
        }

        /// Parses `YYYY-MM-DD`; nil for any other text, for days before 1970 and for days that do not exist.
        package init?(_ text: String) {
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
                let year = UInt16(digits: parts[0]), let month = UInt16(digits: parts[1]),
                let day = UInt16(digits: parts[2]), year >= 1970
            else { return nil }
            self.init(year: Int(year), month: Int(month), day: Int(day))
            guard LocalCalendar.day(of: LocalCalendar.start(of: self)) == self else { return nil }
        }

        package static func < (left: Day, right: Day) -> Bool {
            (left.year, left.month, left.day) < (right.year, right.month, right.day)
        }

        /// `YYYY-MM-DD`.
        package var text: String { pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) }
    }

    /// Returns the day of an instant (milliseconds since 1970).
    package static func day(of milliseconds: Int64) -> Day {
        let parts = unsafe parts(of: milliseconds)
        return unsafe Day(year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday))
    }

    /// Returns the time of day of an instant (milliseconds since 1970), as `HH:MM:SS`.
    package static func timeOfDay(of milliseconds: Int64) -> String {
        let parts = unsafe parts(of: milliseconds)
        let numbers = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec]
        return numbers.map { pad(Int($0), 2) }.joined(separator: ":")
    }

    /// Returns the hour of the day, 0 to 23, of an instant (milliseconds since 1970).
    package static func hour(of milliseconds: Int64) -> Int { unsafe Int(parts(of: milliseconds).tm_hour) }

    private static func parts(of milliseconds: Int64) -> tm {
        var seconds = time_t(milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000)
        var parts = unsafe tm()
        // The call accesses only these two local variables.
        unsafe localtime_r(&seconds, &parts)
        return unsafe parts
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Returns the first instant of the day that is `days` days after `day`, in milliseconds since 1970. `day` may have
    /// a number past the end of its month, or a month past December. The result is then in a later month or year.
    package static func start(of day: Day, plusDays days: Int = 0) -> Int64 {
        var parts = unsafe tm()
        unsafe parts.tm_year = CInt(day.year - 1900)
        unsafe parts.tm_mon = CInt(day.month - 1)
        unsafe parts.tm_mday = CInt(day.day + days)
        // The C library determines whether summer time applies.
        unsafe parts.tm_isdst = -1
        var start = Int64(unsafe mktime(&parts)) * 1000
        // If clocks go back at midnight, the time 00:00 of the day occurs twice, and `mktime` may return either
        // instant. The loop finds the earlier instant.
        let day = self.day(of: start)
        while self.day(of: start - quarter) == day { start -= quarter }
        return start
    }

    /// A quarter of an hour, in milliseconds. Clocks go back by this duration or a multiple of it.
    private static let quarter: Int64 = 15 * 60 * 1000

    /// The name of the user's time zone, from `TZ` or from the link `/etc/localtime`: `Europe/Berlin` for example;
    /// `UTC` if neither has a name.
    package static var zoneName: String {
        if let value = Environment.value("TZ") {
            let name = value.trimmingPrefix(":")
            // The C library treats an empty name as UTC.
            return name.isEmpty ? "UTC" : String(name)
        }
        let parts = SymbolicLink.target(of: "/etc/localtime")?.split(separator: "/") ?? []
        guard let folder = parts.firstIndex(of: "zoneinfo"), folder + 1 < parts.endIndex else { return "UTC" }
        return parts[(folder + 1)...].joined(separator: "/")
    }
}

extension UInt16 {
    /// Parses digits only: a sign is rejected.
    package init?(digits text: Substring) {
        guard text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        self.init(text)
    }
}

extension LocalCalendar {
    /// Returns the zone that `TZ` names if this machine has no definition of that zone; otherwise nil. For an undefined
    /// zone the C library silently uses UTC, and reports would label days with the wrong zone.
    package static func unknownZone(_ environment: (String) -> String? = Environment.value) -> String? {
        guard let value = environment("TZ") else { return nil }
        let name = String(value.trimmingPrefix(":"))
        if name.isEmpty || isRule(name) { return nil }
        let folder = environment("TZDIR") ?? "/usr/share/zoneinfo"
        let path = name.hasPrefix("/") ? name : folder + "/" + name
        // UTC needs no file.
        return name == "UTC" || isZone(path) ? nil : name
    }

    /// Returns whether the file at a path describes a zone (tzfile(5)). If the path leads to a folder or to a file of
    /// another format, the C library uses UTC.
    private static func isZone(_ path: String) -> Bool {
        guard let file = try? File(opening: path, [.read, .nonBlocking, .followingLinks]),
            (try? file.status().isRegular) == true
        else { return false }
        return (try? file.read(4)) == Array("TZif".utf8)
    }

    /// Returns whether a text is a POSIX rule, such as `CET-1CEST` or `<+0530>-5:30`: an abbreviation followed by an
    /// offset.
    private static func isRule(_ text: String) -> Bool {
        var rest = Substring(text)
        if rest.first == "<" {
            guard let end = rest.firstIndex(of: ">") else { return false }
            rest = rest[rest.index(after: end)...]
        } else {
            let letters = rest.prefix { $0.isASCII && $0.isLetter }
            guard letters.count >= 3 else { return false }
            rest = rest.dropFirst(letters.count)
        }
        if rest.first == "+" || rest.first == "-" { rest = rest.dropFirst() }
        return rest.first.map { $0.isASCII && $0.isNumber } ?? false
    }
}

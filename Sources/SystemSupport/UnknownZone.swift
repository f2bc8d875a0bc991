private import Glibc

extension LocalCalendar {
    /// The zone that `TZ` names when this machine does not know it, nil when all is well. The C library then silently
    /// takes UTC, and days would be others than those that the report says they are.
    package static var unknownZone: String? {
        guard let value = Environment.value("TZ") else { return nil }
        let name = String(value.trimmingPrefix(":"))
        if name.isEmpty || isRule(name) { return nil }
        let folder = Environment.value("TZDIR") ?? "/usr/share/zoneinfo"
        let path = name.hasPrefix("/") ? name : folder + "/" + name
        // UTC needs no file.
        return name == "UTC" || isZone(path) ? nil : name
    }

    /// Whether a file describes a zone (tzfile(5)); a folder and another kind of file are taken for UTC too.
    private static func isZone(_ path: String) -> Bool {
        guard let file = try? File(opening: path, [.read, .nonBlocking, .followingLinks]),
            (try? file.status().isRegular) == true
        else { return false }
        return (try? file.read(4)) == Array("TZif".utf8)
    }

    /// Whether it is a rule of POSIX, `CET-1CEST` or `<+0530>-5:30`: an abbreviation and an offset.
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

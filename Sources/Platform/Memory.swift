private import Glibc

/// This process's memory.
package enum Memory {
    /// Gives back the pages of the program's code that starting has touched. They come back from the file as they are
    /// needed; a service that idles needs few of them again.
    package static func releaseCode() {
        guard let program = SymbolicLink.thisProgram, let maps = try? File(opening: "/proc/self/maps", .read) else {
            return
        }
        var text: [UInt8] = []
        while let count = try? maps.read(appendingTo: &text, limit: 65_536), count > 0 {}
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            // Code is never written to, so that nothing is lost: only mappings without the right to write are given back.
            guard fields.count >= 6, fields[1] == "r-xp", fields[5] == program else { continue }
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2, let start = unsafe UnsafeMutableRawPointer(bitPattern: ends[0]) else { continue }
            unsafe madvise(start, Int(ends[1] - ends[0]), MADV_DONTNEED)
        }
    }
}

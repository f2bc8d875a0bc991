import Core
import Intake

/// A shell line, whatever it is, in each shell and with each outcome. Of what is made of it only plain words may be in the
/// name, at most four, and no event is a success with a category.
enum ShellLineTarget {
    static func examine(_ bytes: [UInt8]) {
        // The first byte is how it ended.
        let status = bytes.first.map(Int.init)
        let line = bytes.dropFirst()
        for shell in ShellDialect.allCases {
            for part in [nil, 0, 1] {
                let meaning = ShellLine(line, shell: shell, part: part)
                for result in [
                    ShellResult(), ShellResult(status: status, pipeStatus: [status ?? 0, 0], durationMS: 3),
                ] {
                    guard let event = meaning.event(result) else { continue }
                    check(event)
                }
            }
        }
    }

    private static func check(_ event: ShellEvent) {
        let words = event.command.split(separator: " ", omittingEmptySubsequences: false)
        precondition(words.count <= Limits.commandWords)
        for word in words {
            precondition(
                word.utf8.count <= Limits.commandWordBytes && word.utf8.allSatisfy(isPlain), "a word that is not plain")
        }
        precondition(event.type.isCommand)
        precondition(event.success != true || event.errorCategory == nil, "a success with a category")
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: ".:_-".utf8.contains(byte)
        }
    }
}

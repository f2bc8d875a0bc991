import TestSupport
import Testing

@testable import Sync

@Suite("The checksum of LZ4 frames")
struct XXH32Tests {
    private func checksum(_ bytes: [UInt8]) -> UInt32 {
        var checksum = XXH32()
        checksum.update(bytes.span)
        return checksum.value
    }

    @Test(
        "It is what the specification's own implementation gives",
        arguments: [
            ("", 0x02CC_5D05), ("a", 0x550D_7456), ("abc", 0x32D1_53FF),
            ("Nobody inspects the spammish repetition", 0xE229_3B2F),
        ] as [(String, UInt32)])
    func known(text: String, value: UInt32) {
        #expect(checksum(Array(text.utf8)) == value)
    }

    @Test("It does not depend on the pieces in which the bytes come")
    func pieces() {
        var random = SeededGenerator(seed: 32)
        let bytes = (0..<5000).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let whole = checksum(bytes)
        for _ in 0..<200 {
            var checksum = XXH32()
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 0...40, using: &random))
                checksum.update(bytes.span.extracting(start..<end))
                start = end
            }
            #expect(checksum.value == whole)
        }
    }
}

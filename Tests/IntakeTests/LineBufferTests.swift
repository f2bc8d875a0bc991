import Core
import Intake
import TestSupport
import Testing

@Suite("Splitting a stream into lines")
struct LineBufferTests {
    enum Line: Equatable {
        case line([UInt8])
        case tooLong
    }

    @Test("The lines are the same for all chunk sizes")
    func everyChunkSize() {
        let text = Array("first\n\n\r\nthird é\r\n  \nlast without a break".utf8)
        let expected = Self.reference(text)
        #expect(expected.count == 6)
        for size in 1...text.count + 1 { #expect(Self.split(text, chunk: size) == expected, "chunks of \(size)") }
        for size in 1...text.count + 1 {
            #expect(Self.split(text + [10], chunk: size) == expected, "chunks of \(size)")
        }
    }

    @Test(
        "Lines about as long as is allowed, in chunks of many sizes",
        arguments: [1000, 4096, 65_535, 65_536, 65_537, 300_000])
    func longLines(chunk: Int) {
        var text: [UInt8] = []
        for (index, count) in [-1, 0, 1, 2].map({ Limits.lineBytes + $0 }).enumerated() {
            text += [UInt8](repeating: UInt8(97 + index), count: count) + [10] + Array("between\n".utf8)
        }
        text += [UInt8](repeating: 122, count: 3 * Limits.lineBytes) + [10]

        let lines = Self.split(text, chunk: chunk)

        #expect(lines == Self.reference(text))
        #expect(lines.count { $0 == .tooLong } == 3)
    }

    @Test("A last line without a break may be as long as any other, and not longer", arguments: [1, 4096, 70_000])
    func lastLine(chunk: Int) {
        let chunk = chunk == 1 ? 16_384 : chunk
        let longest = [UInt8](repeating: 97, count: Limits.lineBytes)
        #expect(Self.split(longest, chunk: chunk) == [.line(longest)])
        #expect(Self.split(longest + [97], chunk: chunk) == [.tooLong])
        #expect(Self.split([10] + longest + longest, chunk: chunk) == [.line([]), .tooLong])
        #expect(Self.split(longest + [97, 10], chunk: chunk) == [.tooLong])
        #expect(Self.split(longest + [97, 10, 98], chunk: chunk) == [.tooLong, .line([98])])
    }

    @Test("An endless line is skipped without being kept, and counts once")
    func endless() {
        var buffer = LineBuffer()
        for _ in 0..<200 {
            buffer.bytes += [UInt8](repeating: 97, count: 32 * 1024)
            #expect(buffer.next() == nil)
            buffer.discardConsumed()
            #expect(buffer.bytes.count <= Limits.lineBytes + 32 * 1024)
        }
        buffer.bytes += Array("\nnext".utf8)
        #expect(buffer.next() == .tooLong)
        #expect(buffer.next() == nil)
        let last = buffer.next(atEnd: true)
        #expect(last == .line(buffer.bytes.count - 4..<buffer.bytes.count))
        #expect(buffer.next(atEnd: true) == nil)
    }

    @Test("An empty input gives no line")
    func empty() {
        var buffer = LineBuffer()
        #expect(buffer.next() == nil)
        #expect(buffer.next(atEnd: true) == nil)
        #expect(Self.split([10], chunk: 1) == [.line([])])
    }

    @Test("Random text in random chunks", arguments: 0..<20 as Range<UInt64>)
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let text = (0..<5000).map { _ in [10, 13, 97, 98, 99, 0, 255].randomElement(using: &generator) ?? 10 as UInt8 }
        var buffer = LineBuffer()
        var lines: [Line] = []
        var rest = text[...]
        while !rest.isEmpty {
            let size = Int.random(in: 1...90, using: &generator)
            buffer.bytes += rest.prefix(size)
            rest = rest.dropFirst(size)
            lines += Self.take(&buffer, atEnd: false)
            if Bool.random(using: &generator) { buffer.discardConsumed() }
        }
        lines += Self.take(&buffer, atEnd: true)
        #expect(lines == Self.reference(text))
    }

    private static func split(_ text: [UInt8], chunk size: Int) -> [Line] {
        var buffer = LineBuffer()
        var lines: [Line] = []
        for start in stride(from: 0, to: text.count, by: size) {
            buffer.bytes += text[start..<min(start + size, text.count)]
            lines += take(&buffer, atEnd: false)
            buffer.discardConsumed()
        }
        return lines + take(&buffer, atEnd: true)
    }

    private static func take(_ buffer: inout LineBuffer, atEnd: Bool) -> [Line] {
        var lines: [Line] = []
        while let piece = buffer.next(atEnd: atEnd) {
            switch piece {
            case .line(let range): lines.append(.line(Array(buffer.bytes[range])))
            case .tooLong: lines.append(.tooLong)
            }
        }
        return lines
    }

    private static func reference(_ text: [UInt8]) -> [Line] {
        var lines = text.split(separator: 10, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { $0.count > Limits.lineBytes ? .tooLong : .line(Array($0)) }
    }
}

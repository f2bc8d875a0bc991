import Core
import SystemSupport

/// Reads the tags of an XML file one after the other, in bounded memory (https://www.w3.org/TR/xml/, sections 2.3 to
/// 3.1).
///
/// Text between tags, comments, CDATA sections and processing instructions are skipped. A document type declaration
/// ends the reading, so that no entity is ever expanded. Only character references and references to the five
/// predefined entities are replaced. The reader does not check that start tags and end tags match.
final class MarkupReader {
    /// A start tag, an empty-element tag or an end tag.
    struct Tag {
        var name = ""
        var attributes: [String: [UInt8]] = [:]
        var isEnd = false
        /// Whether the element ends with this tag, as in `<a/>`.
        var isEmpty = false
    }

    /// The reason why reading failed: an unsupported declaration, or the end of the file inside a tag, a comment or
    /// another construct.
    enum Problem: Error {
        case documentType
        case unfinished
    }

    private var input: ChunkReader

    init(_ file: consuming File, size: Int) {
        input = ChunkReader(file, size: size)
    }

    /// The share of the file that was read, 0 to 1.
    var progress: Double { input.progress }

    /// Reads the next tag; nil at the end of the file.
    /// - Throws: a `Problem` for XML that is incomplete or not supported, a `SystemError` if the file cannot be read.
    func next() throws -> Tag? {
        while true {
            guard try pass(to: "<") else { return nil }
            switch try peek() {
            case UInt8(ascii: "?"): try require(pass(to: "?>"))
            case UInt8(ascii: "!"): try passDeclaration()
            case nil: throw Problem.unfinished
            default: return Self.tag(try content())
            }
        }
    }

    private func passDeclaration() throws {
        var begin: [UInt8] = []
        while begin.count < 8, let byte = try peek(), byte != UInt8(ascii: ">") {
            begin.append(byte)
            input.position += 1
            if begin.elementsEqual("!--".utf8) { return try require(pass(to: "-->")) }
            if begin.elementsEqual("![CDATA[".utf8) { return try require(pass(to: "]]>")) }
        }
        throw Problem.documentType
    }

    private func require(_ isFound: Bool) throws(Problem) {
        guard isFound else { throw .unfinished }
    }

    /// Returns the bytes of a tag between its brackets. Only the beginning of a tag that exceeds the limit is returned.
    private func content() throws -> [UInt8] {
        var (content, quote): ([UInt8], UInt8?) = ([], nil)
        while let byte = try peek() {
            input.position += 1
            if quote == nil, byte == UInt8(ascii: ">") { return content }
            if byte == quote {
                quote = nil
            } else if quote == nil, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            }
            if content.count < Limits.historyEntryBytes { content.append(byte) }
        }
        throw Problem.unfinished
    }

    /// Skips everything up to and including `text`. Returns whether the text was found.
    private func pass(to text: String) throws -> Bool {
        let wanted = Array(text.utf8)
        while wanted.count == 1, try peek() != nil {
            let end = input.chunk.span.firstIndex(of: wanted[0], from: input.position)
            input.position = end.map { $0 + 1 } ?? input.chunk.count
            if end != nil { return true }
        }
        var last: [UInt8] = []
        while let byte = try peek() {
            input.position += 1
            last.append(byte)
            if last.count > wanted.count { last.removeFirst() }
            if last == wanted { return true }
        }
        return false
    }

    /// Returns the next byte; nil at the end of the file.
    private func peek() throws(SystemError) -> UInt8? {
        try input.hasBytes() ? input.chunk[input.position] : nil
    }

    // MARK: Tags

    private static func tag(_ content: [UInt8]) -> Tag {
        var tag = Tag()
        var rest = content[...]
        if rest.first == UInt8(ascii: "/") {
            tag.isEnd = true
            rest.removeFirst()
        }
        tag.name = String(decoding: rest.prefix { !isBlank($0) && $0 != UInt8(ascii: "/") }, as: UTF8.self)
        tag.isEmpty = rest.last == UInt8(ascii: "/")
        rest = rest.dropFirst(tag.name.utf8.count)
        while let equals = rest.firstIndex(of: UInt8(ascii: "=")) {
            let name = rest[..<equals].drop(while: isBlank).prefix { !isBlank($0) }
            rest = rest[(equals + 1)...].drop(while: isBlank)
            guard let quote = rest.popFirst(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
                let end = rest.firstIndex(of: quote)
            else { break }
            tag.attributes[String(decoding: name, as: UTF8.self)] = replacingReferences(rest[..<end])
            rest = rest[(end + 1)...]
        }
        return tag
    }

    private static func isBlank(_ byte: UInt8) -> Bool { JSONScanner.isBlank(byte) }

    private static func replacingReferences(_ value: ArraySlice<UInt8>) -> [UInt8] {
        guard value.contains(UInt8(ascii: "&")) else { return Array(value) }
        var (text, rest): ([UInt8], ArraySlice<UInt8>) = ([], value)
        while let byte = rest.popFirst() {
            // The longest reference is `&#x10FFFF;`.
            if byte == UInt8(ascii: "&"), let end = rest.prefix(10).firstIndex(of: UInt8(ascii: ";")),
                let character = character(String(decoding: rest[..<end], as: UTF8.self))
            {
                text += Array(String(character).utf8)
                rest = rest[(end + 1)...]
            } else {
                text.append(byte)
            }
        }
        return text
    }

    private static func character(_ reference: String) -> Character? {
        switch reference {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        guard reference.hasPrefix("#") else { return nil }
        let isHexadecimal = reference.hasPrefix("#x")
        let scalar = UInt32(reference.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10)
        return scalar.flatMap { UnicodeScalar($0) }.map { Character($0) }
    }
}

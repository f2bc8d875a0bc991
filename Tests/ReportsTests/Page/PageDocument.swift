import Foundation
import Testing

/// A page as its tests read it: tags and texts, one after the other. It reads the form that Nexus writes, in which every value is in
/// double quotes; that a browser reads the same is tested with one (Scripts/test-page).
struct PageDocument {
    enum Token: Equatable {
        case start(String, [String: String])
        case end(String)
        case text(String)
    }

    let tokens: [Token]

    init(_ html: String) throws {
        var tokens: [Token] = []
        var rest = Substring(html)
        // The line of the document type and the comment.
        while rest.hasPrefix("<!") {
            let end = try #require(rest.firstIndex(of: ">"))
            rest = rest[rest.index(after: end)...].drop { $0.isWhitespace }
        }
        while let open = rest.firstIndex(of: "<") {
            if open > rest.startIndex { tokens.append(.text(Self.decoded(rest[..<open]))) }
            rest = rest[rest.index(after: open)...]
            let close = try #require(Self.end(ofTag: rest), "a tag does not end: \(rest.prefix(80))")
            let tag = rest[..<close]
            rest = rest[rest.index(after: close)...]
            if tag.hasPrefix("/") {
                tokens.append(.end(String(tag.dropFirst())))
                continue
            }
            let name = String(tag.prefix { $0 != " " })
            tokens.append(.start(name, try Self.attributes(tag.dropFirst(name.count))))
            guard name == "script" || name == "style" else { continue }
            let end = try #require(rest.firstRange(of: "</\(name)>"))
            tokens.append(.text(String(rest[..<end.lowerBound])))
            rest = rest[end.lowerBound...]
        }
        self.tokens = tokens
    }

    /// Every element with the names of its attributes, in order.
    var structure: [String] {
        tokens.compactMap { token in
            guard case .start(let name, let attributes) = token else { return nil }
            return ([name] + attributes.keys.sorted()).joined(separator: " ")
        }
    }

    /// The elements of a name, with their attributes.
    func elements(_ name: String) -> [[String: String]] {
        tokens.compactMap { if case .start(name, let attributes) = $0 { attributes } else { nil } }
    }

    /// The texts of every element of a name.
    func texts(_ name: String) -> [String] {
        tokens.indices.compactMap { index in
            guard case .start(name, _) = tokens[index] else { return nil }
            return text(from: index)
        }
    }

    /// The text from an element's start to the next tag that is no part of it, however deep.
    private func text(from index: Int) -> String {
        guard case .start(let name, _) = tokens[index] else { return "" }
        var text = ""
        for token in tokens[(index + 1)...] {
            switch token {
            case .text(let part): text += part
            case .end(name): return text
            case .start("td", _), .start("th", _), .start("tr", _), .start("li", _):
                if ["td", "th", "li"].contains(name) { return text }
            case .end("tr"), .end("tbody"), .end("thead"), .end("ul"):
                if ["td", "th", "li"].contains(name) { return text }
            default: break
            }
        }
        return text
    }

    /// A row of a table: its texts, and the numbers that the script sorts by.
    struct Row {
        var texts: [String] = []
        var numbers: [String?] = []
    }

    /// The rows of the body of the first table after an element with this attribute.
    func rows(after attribute: String, _ value: String) -> [Row] {
        guard
            let start = tokens.firstIndex(where: {
                if case .start(_, let attributes) = $0 { attributes[attribute] == value } else { false }
            }), let body = tokens[start...].firstIndex(of: .start("tbody", [:]))
        else { return [] }
        var rows: [Row] = []
        for index in tokens[body...].indices {
            switch tokens[index] {
            case .end("tbody"): return rows
            case .start("tr", _): rows.append(Row())
            case .start("th", let attributes), .start("td", let attributes):
                rows[rows.count - 1].texts.append(text(from: index))
                rows[rows.count - 1].numbers.append(attributes["data-v"])
            default: break
            }
        }
        return rows
    }

    // MARK: Reading

    private static func end(ofTag text: Substring) -> Substring.Index? {
        var isQuoted = false
        for index in text.indices {
            if text[index] == "\"" { isQuoted.toggle() }
            if text[index] == ">", !isQuoted { return index }
        }
        return nil
    }

    private static func attributes(_ text: Substring) throws -> [String: String] {
        var attributes: [String: String] = [:]
        var rest = text
        while rest.first == " " {
            let equals = try #require(rest.firstIndex(of: "="), "an attribute without a value: \(rest)")
            let start = rest.index(equals, offsetBy: 2)
            let end = try #require(rest[start...].firstIndex(of: "\""))
            attributes[String(rest[rest.index(after: rest.startIndex)..<equals])] = decoded(rest[start..<end])
            rest = rest[rest.index(after: end)...]
        }
        #expect(rest.isEmpty, "\(text)")
        return attributes
    }

    private static func decoded(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        return String(text).replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
            .replacing("&#39;", with: "'").replacing("&amp;", with: "&")
    }
}

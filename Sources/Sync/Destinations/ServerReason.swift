import Core
import Foundation

/// The reason that a server gives for its response, found in plain text, JSON, XML or HTML.
///
/// The reason is untrusted. At most 300 characters are kept, and every message escapes them for the terminal.
package struct ServerReason: Equatable, Sendable {
    /// A machine-readable error code, `SlowDown` for example; nil if the body has no code.
    package let code: String?
    /// The reason as a sentence; nil if the body has no sentence.
    package let text: String?

    private static let longestText = 300
    private static let longestCode = 64
    /// Names of the JSON keys and XML elements that contain a sentence, the most specific name first. S3, RFC 9457,
    /// sabre/dav and common APIs use them.
    private static let names = ["message", "detail", "error_description", "reason", "title", "error"]

    /// Reads the beginning of a response's body. `body` may be truncated.
    package init(body: String) {
        let body = body.trimmingCharacters(in: .whitespacesAndNewlines)
        if body.hasPrefix("{") || body.hasPrefix("["), let value = JSONValue(Array(body.utf8)) {
            code = Self.bounded(Self.find("code", in: value), Self.longestCode)
            text = Self.bounded(Self.names.lazy.compactMap { Self.find($0, in: value) }.first, Self.longestText)
        } else if body.hasPrefix("<") {
            code = Self.bounded(Self.element("code", in: body), Self.longestCode)
            text = Self.bounded(
                Self.names.lazy.compactMap { Self.element($0, in: body) }.first, Self.longestText)
        } else {
            code = nil
            text = Self.bounded(body.split(whereSeparator: \.isNewline).first.map(String.init), Self.longestText)
        }
    }

    /// Returns the first non-empty text of a member with the given name, in any letter case and at any depth.
    private static func find(_ name: String, in value: JSONValue) -> String? {
        switch value {
        case .object(let members):
            for member in members where member.key.lowercased() == name {
                if case .string(let text) = member.value, !text.isEmpty { return text }
            }
            return members.lazy.compactMap { find(name, in: $0.value) }.first
        case .array(let values): return values.lazy.compactMap { find(name, in: $0) }.first
        default: return nil
        }
    }

    /// Returns the first non-empty text that directly follows a start tag with the given name. The name matches in any
    /// letter case and with any namespace prefix.
    private static func element(_ name: String, in body: String) -> String? {
        for part in body.split(separator: "<") {
            guard let end = part.firstIndex(of: ">") else { continue }
            let tag = part[..<end].prefix { !$0.isWhitespace }
            let local = tag.split(separator: ":").last ?? ""
            guard !tag.hasPrefix("/"), local.lowercased() == name else { continue }
            let text = part[part.index(after: end)...].trimmingCharacters(in: .whitespacesAndNewlines)
            if !text.isEmpty { return unescaped(text) }
        }
        return nil
    }

    private static func unescaped(_ text: String) -> String {
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")].reduce(text) {
            $0.replacing($1.0, with: $1.1)
        }
    }

    /// Returns the first `limit` characters of a text as one line, with an ellipsis if the text is longer. Nil for an
    /// empty text.
    private static func bounded(_ text: String?, _ limit: Int) -> String? {
        guard let text else { return nil }
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !line.isEmpty else { return nil }
        return line.count > limit ? line.prefix(limit) + "…" : line
    }
}

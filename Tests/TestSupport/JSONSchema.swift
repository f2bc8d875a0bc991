import Core
import Foundation

/// A JSON value. Whole numbers and other numbers are different cases. A missing member is not the same as `null`.
package enum JSONNode: Decodable, Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONNode])
    case object([String: JSONNode])

    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let array = try? value.decode([JSONNode].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSONNode].self))
        }
    }

    package init(_ text: String) throws {
        self = try JSONDecoder().decode(JSONNode.self, from: Data(text.utf8))
    }

    package subscript(key: String) -> JSONNode? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    package subscript(index: Int) -> JSONNode? {
        if case .array(let items) = self, items.indices.contains(index) { items[index] } else { nil }
    }
}

/// Checks documents against a JSON Schema (2020-12). It implements only the keywords that the schemas of this project
/// use. An unknown keyword is a violation, so that no part of a schema is ignored.
package struct JSONSchema {
    private let root: JSONNode

    package init(_ text: String) throws {
        root = try JSONNode(text)
    }

    /// Returns the violations in a document, each with its path in the document; empty if the document is valid.
    package func complaints(about document: JSONNode) -> [String] { check(document, root, at: "$") }

    private func check(_ value: JSONNode, _ schema: JSONNode, at place: String) -> [String] {
        guard case .object(let keywords) = schema else { return ["\(place): the schema is no object"] }
        return keywords.sorted { $0.key < $1.key }
            .flatMap { check(value, $0.key, $0.value, keywords, at: place) }
    }

    private func check(
        _ value: JSONNode, _ keyword: String, _ rule: JSONNode, _ schema: [String: JSONNode], at place: String
    ) -> [String] {
        switch (keyword, rule) {
        case ("$schema", _), ("$id", _), ("title", _), ("description", _), ("$defs", _): return []
        case ("$ref", .string(let path)):
            guard path.hasPrefix("#/$defs/"), let target = root["$defs"]?[String(path.dropFirst(8))] else {
                return ["\(place): \(path) leads nowhere"]
            }
            return check(value, target, at: place)
        case ("type", .string(let name)): return hasType(value, name) ? [] : ["\(place): is no \(name)"]
        case ("type", .array(let names)):
            let fits = names.contains { if case .string(let name) = $0 { hasType(value, name) } else { false } }
            return fits ? [] : ["\(place): is of none of its types"]
        case ("const", _): return value == rule ? [] : ["\(place): is not the constant"]
        case ("enum", .array(let values)): return values.contains(value) ? [] : ["\(place): is none of the values"]
        case ("oneOf", .array(let schemas)):
            let fitting = schemas.count { check(value, $0, at: place).isEmpty }
            let reasons = schemas.flatMap { check(value, $0, at: place) }
            return fitting == 1 ? [] : ["\(place): fits \(fitting) of the forms instead of one"] + reasons
        case ("minimum", _), ("maximum", _): return checkBound(value, keyword, rule, at: place)
        case ("format", .string("date-time")):
            guard case .string(let text) = value else { return [] }
            let isTime = text.hasSuffix("Z") && Timestamp.parse(Array(text.utf8).span) != nil
            return isTime ? [] : ["\(place): \(text) is no time of RFC 3339 in UTC"]
        case ("items", _):
            guard case .array(let items) = value else { return [] }
            return items.enumerated().flatMap { check($1, rule, at: "\(place)[\($0)]") }
        case ("properties", .object(let properties)):
            guard case .object(let members) = value else { return [] }
            return members.sorted { $0.key < $1.key }.flatMap { key, member in
                properties[key].map { check(member, $0, at: "\(place).\(key)") } ?? []
            }
        case ("required", .array(let keys)):
            guard case .object(let members) = value else { return [] }
            return keys.compactMap { key in
                guard case .string(let name) = key, members[name] == nil else { return nil }
                return "\(place): \(name) is missing"
            }
        case ("additionalProperties", .bool(false)):
            guard case .object(let members) = value, case .object(let known)? = schema["properties"] else { return [] }
            return members.keys.sorted().filter { known[$0] == nil }.map { "\(place): \($0) is not in the schema" }
        default: return ["\(place): the keyword \(keyword) is not one that is checked here"]
        }
    }

    private func hasType(_ value: JSONNode, _ name: String) -> Bool {
        switch (value, name) {
        case (.null, "null"), (.bool, "boolean"), (.integer, "integer"), (.integer, "number"), (.number, "number"),
            (.string, "string"), (.array, "array"), (.object, "object"):
            true
        default: false
        }
    }

    private func checkBound(_ value: JSONNode, _ keyword: String, _ rule: JSONNode, at place: String) -> [String] {
        func number(_ node: JSONNode) -> Double? {
            switch node {
            case .integer(let value): Double(value)
            case .number(let value): value
            default: nil
            }
        }
        guard let value = number(value), let bound = number(rule) else { return [] }
        let fits = keyword == "minimum" ? value >= bound : value <= bound
        return fits ? [] : ["\(place): \(value) is past the \(keyword) \(bound)"]
    }
}

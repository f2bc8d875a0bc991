/// A JSON value (RFC 8259). Members keep their order, and numbers keep their digits. So Nexus can rewrite a file
/// without losing anything that the user or a later version of Nexus wrote.
package enum JSONValue: Equatable, Sendable {
    /// A key and its value.
    package struct Member: Equatable, Sendable {
        package let key: String
        package var value: JSONValue

        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    case null
    case bool(Bool)
    /// A number, as the JSON text spells it.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// Members in their order, with distinct keys.
    case object([Member])

    /// Reads a text that is exactly one JSON value. Nil if the text is not strict JSON, if an object has a key twice,
    /// or if the nesting is deeper than `Limits.nestingDepth`.
    package init?(_ bytes: [UInt8]) {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var parser = JSONParser()
        guard let value = try? parser.parseWhole(bytes.span) else { return nil }
        self = value
    }

    package static func bool(_ value: Bool?) -> JSONValue { value.map { .bool($0) } ?? .null }
    package static func integer(_ number: (some BinaryInteger)?) -> JSONValue {
        number.map { .number(String($0)) } ?? .null
    }
    package static func string(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    package static func strings(_ texts: some Sequence<String>) -> JSONValue { .array(texts.map { .string($0) }) }

    /// The object without its null members; a value that is not an object stays unchanged.
    package var withoutNulls: JSONValue {
        if case .object(let members) = self { .object(members.filter { $0.value != .null }) } else { self }
    }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
    /// An object whose members are in the order of the literal.
    package init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(members.map { Member($0.0, $0.1) })
    }
}

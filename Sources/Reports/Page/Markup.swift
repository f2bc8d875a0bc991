import SystemSupport

/// A document of HTML and SVG under construction.
///
/// Only the elements and attributes of the two enumerations below can be written. Text from outside is always the
/// content of an element or the value of an attribute, and both are escaped here. A value is always in double quotes,
/// so that the same five characters matter in both contexts (HTML standard, 13.1.2.3 and 13.3). Only `embed` and
/// `begin` write a text without escaping it. They are for the page's own style, script and first line.
struct Markup {
    /// The elements that a page may have.
    enum Element: String, CaseIterable {
        case html, head, meta, title, style, script, body
        case header, nav, main, section, div, p, h1, h2, h3, a, ul, li, dl, dt, dd, span, code
        case figure, figcaption, details, summary, label, input, select, option
        case table, thead, tbody, tr, th, td
        case svg, desc, path, line, text

        /// Whether the element has no content and no end tag.
        fileprivate var isVoid: Bool { self == .meta || self == .input }
        /// Whether the end tag of the element may be omitted in all output of this writer (HTML standard, 13.1.2.4).
        /// Omitting end tags makes pages smaller, because tables are most of a page.
        fileprivate var endsByItself: Bool { self == .td || self == .th || self == .tr || self == .li }
    }

    /// The attributes that a page may have.
    enum Attribute: String, CaseIterable {
        case lang, charset, name, content, id, href, tabindex, role, scope, type, value, hidden,
            placeholder
        case httpEquiv = "http-equiv"
        case kind = "class"
        case target = "for"
        case label = "aria-label"
        case labelledBy = "aria-labelledby"
        case hiddenFromReaders = "aria-hidden"
        case sort = "data-sort"
        case number = "data-v"
        case first = "data-x"
        case step = "data-step"
        case viewBox, x, y, x1, y1, x2, y2, d, width, height
        case anchor = "text-anchor"
    }

    typealias Attributes = KeyValuePairs<Attribute, String>

    /// The document so far.
    private(set) var text = ""

    /// Writes an element with its content.
    mutating func element(_ element: Element, _ attributes: Attributes = [:], _ content: (inout Markup) -> Void) {
        open(element, attributes)
        content(&self)
        close(element)
    }

    /// Writes an element with a text.
    mutating func element(_ element: Element, _ attributes: Attributes = [:], text content: String) {
        open(element, attributes)
        append(content)
        close(element)
    }

    /// Writes an element without content.
    mutating func element(_ element: Element, _ attributes: Attributes) {
        open(element, attributes)
        if !element.isVoid { close(element) }
    }

    mutating func append(_ content: String) { text += Self.escaped(content) }

    /// Writes the page's own style or script as it is. The text must not contain `</`, because an end tag would end the
    /// element early, and must not contain `<!--`.
    mutating func embed(_ element: Element, _ content: String) {
        precondition(!content.contains("</") && !content.contains("<!--"))
        open(element, [:])
        text += content
        close(element)
    }

    /// Writes the first line of a page.
    mutating func begin(_ firstLine: String) { text += firstLine }

    private mutating func open(_ element: Element, _ attributes: Attributes) {
        text += "<" + element.rawValue
        for (name, value) in attributes { text += " " + name.rawValue + "=\"" + Self.escaped(value) + "\"" }
        text += ">"
    }

    private mutating func close(_ element: Element) {
        if !element.endsByItself { text += "</" + element.rawValue + ">" }
    }

    /// Returns the text with a character reference for each character that has a meaning in HTML. Invisible characters
    /// are escaped by `escapedForDisplay`.
    static func escaped(_ text: String) -> String {
        let needsWork = text.utf8.contains { byte in
            switch byte {
            case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"): true
            default: byte < 0x20 || byte >= 0x7F
            }
        }
        guard needsWork else { return text }
        var result = ""
        for scalar in text.escapedForDisplay.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// Numbers in the syntax of SVG.
enum Coordinate {
    /// Returns a number with at most one decimal digit: a tenth of a pixel.
    static func text(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        if tenths % 10 == 0 { return String(tenths / 10) }
        let sign = tenths < 0 ? "-" : ""
        return "\(sign)\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
    }

    /// Returns a closed rectangle as a part of a path.
    static func box(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> String {
        "M\(text(x)) \(text(y))h\(text(width))v\(text(height))h\(text(-width))z"
    }
}

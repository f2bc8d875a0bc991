/// The names of the catalogue as bytes to copy into a line.
///
/// For JSON, each element is a whole member, such as `,"workspace":"billing"`. For CSV, each element is the value only,
/// and the values of workspaces and tasks are hashes.
struct RenderedNames {
    /// Indexed by `EventKind.rawValue`.
    let kinds: [[UInt8]]
    /// In the order of the catalogue.
    let workspaces: [[UInt8]]
    /// In the order of the catalogue.
    let tasks: [[UInt8]]
    /// In the order of the catalogue.
    let commands: [[UInt8]]
    /// In the order of the catalogue.
    let errorCategories: [[UInt8]]
    /// In the order of the catalogue.
    let templates: [[UInt8]]

    /// Prepares all names for one format.
    init(format: LineFormat, catalogue: Catalogue) {
        func rendered(_ names: [String], key: String, hashed: Bool = false) -> [[UInt8]] {
            names.map { name in
                switch format {
                case .json: Array(",\"\(key)\":\"\(name)\"".utf8)
                case .csv: hashed ? stableHash(name) : Array(name.utf8)
                }
            }
        }
        kinds = rendered(EventKind.allCases.map(\.name), key: "event_type")
        workspaces = rendered(catalogue.workspaces, key: "workspace", hashed: true)
        tasks = rendered(catalogue.tasks, key: "task", hashed: true)
        commands = rendered(catalogue.commands.map(\.text), key: "command")
        errorCategories = rendered(catalogue.errorCategories, key: "error_category")
        templates = rendered(catalogue.templates, key: "template_used")
    }
}

/// Returns 32 hexadecimal digits that depend only on the name.
///
/// The recorder stores hashes of the same length, but computes them in a different way.
private func stableHash(_ name: String) -> [UInt8] {
    var high: UInt64 = 0x6E65_7875_732D_6869
    var low: UInt64 = 0x6E65_7875_732D_6C6F
    for byte in name.utf8 {
        high = RandomNumbers.scrambled(high ^ UInt64(byte))
        low = RandomNumbers.scrambled(low &+ high &+ UInt64(byte))
    }
    var digits: [UInt8] = []
    digits.append(hexadecimal: high, digits: 16)
    digits.append(hexadecimal: low, digits: 16)
    return digits
}

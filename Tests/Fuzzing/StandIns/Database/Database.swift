/// Stands in for the id of an installation, by the same rule: 32 hexadecimal digits in lower case.
package struct InstallationID: Equatable, Sendable {
    package let id: String

    package init?(_ id: String) {
        let digits = "0123456789abcdef".utf8
        guard id.utf8.count == 32, id.utf8.allSatisfy(digits.contains) else { return nil }
        self.id = id
    }
}

/// Stands in for what the database may throw.
package enum StoreError: Error, Equatable, CustomStringConvertible {
    case notADatabase(path: String)
    case database(path: String, message: String)

    package var description: String { "damaged" }
}

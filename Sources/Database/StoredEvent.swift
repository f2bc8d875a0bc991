package import Core

/// A row of `events`. Texts that the row does not have are empty.
package struct StoredEvent: Equatable, Sendable {
    package let row: Int64
    package let numbers: EventNumbers
    package let session: String
    package let type: String
    package let workspaceHash: String
    package let taskHash: String
    package let command: String
    package let errorCategory: String
    package let template: String
}

import EventModel
import Platform
package import Store

/// The receipt of a purge.
package struct PurgeReport: Sendable {
    private let receipt: PurgeReceipt

    package init(_ receipt: PurgeReceipt) {
        self.receipt = receipt
    }

    package var text: String {
        var lines = [
            "Removed:  \(receipt.events) events, \(receipt.sessions) sessions, and all counts and names that came of them",
            "          \(receipt.bufferFiles) files of the buffer",
        ]
        lines += receipt.snapshots.map { "          snapshot \($0.escapedForDisplay)" }
        if receipt.renewedKey { lines.append("          the key: there is a new one, and the old one is destroyed") }
        lines += [
            "Written:  the database anew, with what is left; freed pages were overwritten and its log is empty",
            "Size:     \(receipt.bytesBefore) bytes before, \(receipt.bytesAfter) now",
            "Searched: \(receipt.bytesSearched) bytes in \(receipt.filesSearched) files for \(receipt.valuesSearched) "
                + "of the \(receipt.values) texts that are gone; the others are too short or a part of one that is left,",
            "          and were looked up in the tables",
        ]
        lines.append(
            receipt.foundIn.isEmpty
                ? "Found:    nothing"
                : "FOUND:    in " + receipt.foundIn.map(\.escapedForDisplay).joined(separator: ", "))
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same as values for JSON.
    package var json: some Encodable {
        Values(
            eventsRemoved: receipt.events, sessionsRemoved: receipt.sessions, bufferFilesRemoved: receipt.bufferFiles,
            snapshotsRemoved: receipt.snapshots, keyRenewed: receipt.renewedKey, bytesBefore: receipt.bytesBefore,
            bytesAfter: receipt.bytesAfter, textsRemoved: receipt.values, textsSearched: receipt.valuesSearched,
            filesSearched: receipt.filesSearched, bytesSearched: receipt.bytesSearched, foundIn: receipt.foundIn)
    }

    private struct Values: Encodable {
        let schema = 1
        let eventsRemoved: Int
        let sessionsRemoved: Int
        let bufferFilesRemoved: Int
        let snapshotsRemoved: [String]
        let keyRenewed: Bool
        let bytesBefore: Int
        let bytesAfter: Int
        let textsRemoved: Int
        let textsSearched: Int
        let filesSearched: Int
        let bytesSearched: Int
        let foundIn: [String]
    }
}

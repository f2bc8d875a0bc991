package import EventModel
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

    /// The same as values.
    package var json: JSONValue {
        [
            "buffer_files_removed": .integer(receipt.bufferFiles), "bytes_after": .integer(receipt.bytesAfter),
            "bytes_before": .integer(receipt.bytesBefore), "bytes_searched": .integer(receipt.bytesSearched),
            "events_removed": .integer(receipt.events), "files_searched": .integer(receipt.filesSearched),
            "found_in": .strings(receipt.foundIn), "key_renewed": .bool(receipt.renewedKey), "schema": .integer(1),
            "sessions_removed": .integer(receipt.sessions), "snapshots_removed": .strings(receipt.snapshots),
            "texts_removed": .integer(receipt.values), "texts_searched": .integer(receipt.valuesSearched),
        ]
    }
}

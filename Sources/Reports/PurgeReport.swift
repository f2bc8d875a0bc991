package import Core
import Database
package import Maintenance
import SystemSupport

/// The receipt of a purge.
package struct PurgeReport: Sendable {
    /// A destination to which data was sent before the purge. The destination still has this data.
    package struct Place: Equatable, Sendable {
        let destination: String
        let isAggregates: Bool
        let removal: String

        /// - Parameters:
        ///   - isAggregates: true if sums of days were sent to the destination, false if rows were sent.
        ///   - removal: the instruction that removes all of this data at the destination.
        package init(destination: String, isAggregates: Bool, removal: String) {
            self.destination = destination
            self.isAggregates = isAggregates
            self.removal = removal
        }
    }

    private let receipt: PurgeReceipt
    private let places: [Place]

    package init(_ receipt: PurgeReceipt, places: [Place] = []) {
        self.receipt = receipt
        self.places = places
    }

    package var text: String {
        var lines = [
            "Removed:  \(receipt.events.counted("event")), \(receipt.sessions.counted("session")), and their counts and names",
            "          \(receipt.bufferFiles.counted("file")) of the buffer",
        ]
        lines += receipt.snapshots.map { "          snapshot \($0.escapedForDisplay)" }
        if receipt.renewedKey { lines.append("          the hash key; a new key was created") }
        lines += [
            "Written:  the remaining database; freed pages were overwritten and the WAL is empty",
            "Size:     \(receipt.bytesBefore.counted("byte")) before, \(receipt.bytesAfter) now",
            "Searched: \(receipt.bytesSearched.counted("byte")) in \(receipt.filesSearched.counted("file")), for the commands, "
                + "session ids, event types, error categories,",
            "          templates and hashes that only removed events had:",
            "          \(receipt.values.counted("text")): \(receipt.valuesSearched) of them as bytes in all files; the "
                + "others only in the tables, as they are",
            "          shorter than 8 bytes or part of a remaining text",
        ]
        lines.append(
            receipt.foundIn.isEmpty
                ? "Found:    nothing"
                : "FOUND:    in " + receipt.foundIn.map(\.escapedForDisplay).joined(separator: ", "))
        if !receipt.listedIn.isEmpty {
            lines.append(
                "Listed:   in " + receipt.listedIn.map(\.escapedForDisplay).joined(separator: ", ")
                    + ", your own list of names that may be sent: 'nexus sync add' replaces it")
        }
        for place in places {
            lines += [
                "Sent:     \(place.isAggregates ? "aggregates" : "rows") to \(place.destination.escapedForDisplay), which has them "
                    + (place.isAggregates ? "until the next 'nexus sync'" : "until they are removed there"),
                "          remove all of it: \(place.removal.escapedForDisplay)",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func json(_ place: Place) -> JSONValue {
        [
            "destination": .string(place.destination), "kind": .string(place.isAggregates ? "aggregates" : "rows"),
            "removal": .string(place.removal),
        ]
    }

    /// The receipt as JSON.
    package var json: JSONValue {
        [
            "buffer_files_removed": .integer(receipt.bufferFiles), "bytes_after": .integer(receipt.bytesAfter),
            "bytes_before": .integer(receipt.bytesBefore), "bytes_searched": .integer(receipt.bytesSearched),
            "events_removed": .integer(receipt.events), "files_searched": .integer(receipt.filesSearched),
            "found_in": .strings(receipt.foundIn), "key_renewed": .bool(receipt.renewedKey),
            "listed_in": .strings(receipt.listedIn), "schema": .integer(1), "sent": .array(places.map(Self.json)),
            "sessions_removed": .integer(receipt.sessions), "snapshots_removed": .strings(receipt.snapshots),
            "texts_removed": .integer(receipt.values), "texts_searched": .integer(receipt.valuesSearched),
        ]
    }
}

import Core
import Database
import GRDB
import SystemSupport
import WriteAheadBuffer

/// Searches every byte of a data folder for texts that must have been removed.
///
/// The search leaves out the segments of the buffer. The purge has removed every segment that existed when it began,
/// and events in newer segments may legitimately contain the same texts.
struct PurgeSearch {
    /// The minimum length of a text that is searched, in bytes. A shorter text may occur by chance.
    private static let shortestText = 8
    private static let filterBits: UInt64 = 18

    /// Texts that begin with the same eight bytes. Most session ids have the same prefix, so a group may contain many
    /// texts. At each offset, the search makes one look-up for each length in `lengths`, not one for each text.
    private struct Group {
        var lengths: Set<Int> = []
        var texts: Set<[UInt8]> = []

        mutating func insert(_ text: [UInt8]) {
            lengths.insert(text.count)
            texts.insert(text)
        }
    }

    private let data: DataFolder
    /// The groups, by the first eight bytes of their texts.
    private var byStart: [UInt64: Group] = [:]
    /// An element is true if its index is the hash of the first eight bytes of a text. One look-up rules out most
    /// offsets.
    private var filter = [Bool](repeating: false, count: 1 << Int(filterBits))
    private(set) var textsSearched = 0

    /// Prepares a search for `texts`. A text that is part of one of the `remaining` texts may legitimately occur, so
    /// the search leaves it out.
    init(_ texts: Set<String>, in data: DataFolder, remaining: [String]) {
        self.data = data
        for text in texts where text.utf8.count >= Self.shortestText {
            let bytes = Array(text.utf8)
            let start = bytes.span.uint64(at: 0)
            byStart[start, default: Group()].insert(bytes)
            filter[Self.place(of: start)] = true
        }
        // The remaining texts are joined, so that one scan finds the texts that are part of any of them.
        let all = Array(remaining.joined(separator: "\n").utf8)
        var parts: Set<[UInt8]> = []
        find(in: all.span, from: 0) { parts.insert($0) }
        for part in parts { byStart[part.span.uint64(at: 0)]?.texts.remove(part) }
        textsSearched = byStart.values.reduce(0) { $0 + $1.texts.count }
    }

    private static func place(of word: UInt64) -> Int {
        Int((word &* 0x9E37_79B9_7F4A_7C15) >> (64 - filterBits))
    }

    /// Searches all files except the segments of the buffer and notes the results.
    func run(_ receipt: inout PurgeReceipt) throws(SystemError) {
        try search(data.folder, &receipt)
    }

    private func search(_ folder: Folder, _ receipt: inout PurgeReceipt) throws(SystemError) {
        for name in try folder.names().sorted() where folder != data.bufferFolder || !name.hasSuffix(".wab") {
            do throws(SystemError) {
                // Opening must not block, even if the file is a named pipe.
                let file = try File(opening: folder.path(of: name), [.read, .nonBlocking])
                if try file.status().isFolder {
                    try search(Folder(folder.path(of: name)), &receipt)
                } else if try file.status().isRegular {
                    receipt.filesSearched += 1
                    guard try holdsAny(file, &receipt) else { continue }
                    // This file contains the names that the user allowed with `sync add --allow`. These names do not
                    // come from recorded events.
                    if file.path == data.aggregatesPath {
                        receipt.listedIn.append(file.path)
                    } else {
                        receipt.foundIn.append(file.path)
                    }
                }
            } catch  where error.isNotFound || error.code == SystemError.noSuchDevice {
                // The file was removed in the meantime, or it is the service's socket, which cannot be opened.
            }
        }
    }

    private func holdsAny(_ file: borrowing File, _ receipt: inout PurgeReceipt) throws(SystemError) -> Bool {
        var bytes: [UInt8] = []
        let overlap = Limits.recordBytes
        var searched = 0
        // The search ends at the present size, because data that other processes append later was recorded after the
        // purge.
        var rest = try file.status().size
        while true {
            let count = try file.read(appendingTo: &bytes, limit: min(rest, Limits.drainChunkBytes))
            rest -= count
            receipt.bytesSearched += count
            if holdsAny(bytes.span, from: searched) { return true }
            if count == 0 { return false }
            // The end of the chunk is searched again with the next chunk, because a text may continue there.
            bytes.removeFirst(max(0, bytes.count - overlap))
            searched = max(0, bytes.count - overlap)
        }
    }

    private func holdsAny(_ bytes: Span<UInt8>, from start: Int) -> Bool {
        var isThere = false
        find(in: bytes, from: start) { _ in isThere = true }
        return isThere
    }

    /// Calls `body` for every whole occurrence of a text in `bytes` at or after `start`.
    private func find(in bytes: Span<UInt8>, from start: Int, _ body: ([UInt8]) -> Void) {
        var place = start
        while place + Self.shortestText <= bytes.count {
            let word = bytes.uint64(at: place)
            if filter[Self.place(of: word)], let group = byStart[word] {
                for length in group.lengths where place + length <= bytes.count {
                    var text: [UInt8] = []
                    text.append(bytes.extracting(place..<place + length))
                    if group.texts.contains(text) { body(text) }
                }
            }
            place += 1
        }
    }
}

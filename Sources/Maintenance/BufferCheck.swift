package import Core
import Database
import SystemSupport
import WriteAheadBuffer

/// Reads every segment in the buffer, as a drain would, and stores nothing.
package enum BufferCheck {
    private static let name = "buffer"

    private struct Count {
        var events = 0
        var torn = 0
        var damaged = 0
    }

    package static func run(_ data: DataFolder) throws -> [CheckResult] {
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        var results: [CheckResult] = []
        var count = Count()
        let segments = try buffer.segments()
        for number in segments {
            guard let reader = try buffer.reader(of: number) else { continue }
            let path = reader.path.escapedForDisplay
            switch reader.header {
            case .newer(let version):
                results.append(
                    .error(
                        name, "\(path) was written by a newer Nexus (version \(version))", suggestion: "update Nexus"
                    )
                )
                continue
            case .damaged:
                results.append(
                    .error(
                        name, "the header of \(path) is damaged",
                        suggestion: "run 'nexus flush': it stores the readable records and sets the segment aside"))
            case .valid, .incomplete: break
            }
            try Self.count(reader, &count)
        }
        if count.damaged > 0 {
            results.append(
                .error(
                    name, "\(count.damaged.counted("damaged record")) in the segments",
                    suggestion: "they are lost; check the disk, and run 'nexus flush' to store the other records"))
        }
        let aside = try buffer.damagedSegments()
        if !aside.isEmpty {
            results.append(
                .note(
                    name,
                    "\(aside.count.counted("damaged segment")) kept in \(data.bufferFolder.path.escapedForDisplay)",
                    suggestion: "their readable records are stored; inspect the files, then remove them"))
        }
        guard results.isEmpty else { return results }
        return [
            .ok(
                name,
                "\(segments.count.counted("segment")) with \(count.events.counted("event")), and no damaged record")
        ]
    }

    private static func count(_ reader: SegmentReader, _ count: inout Count) throws {
        let end = try reader.committedEnd() ?? reader.writtenEnd()
        var offset = SegmentFormat.headerLength
        var chunk: [UInt8] = []
        while offset < end {
            try reader.read(into: &chunk, from: offset, upTo: end, limit: Limits.drainChunkBytes)
            let isLast = chunk.count < Limits.drainChunkBytes || offset + chunk.count == end
            let consumed = records(chunk.span, isLast: isLast, &count)
            offset = isLast ? end : offset + consumed
        }
    }

    private static func records(_ chunk: Span<UInt8>, isLast: Bool, _ count: inout Count) -> Int {
        var cursor = RecordCursor()
        while true {
            switch cursor.next(in: chunk, isLast: isLast) {
            case .record(let place): count.events += EventRecord.isEvent(chunk.extracting(place)) ? 1 : 0
            case .gap(_, let isTorn):
                if isTorn { count.torn += 1 } else { count.damaged += 1 }
            case .needsMore, .end: return cursor.offset
            }
        }
    }
}

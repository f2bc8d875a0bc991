import SystemSupport

/// The bytes after the content of a snapshot, for forged snapshots in the right format.
package enum SnapshotTrailer {
    /// Returns the skippable frame with the given manifest, in the format of `SnapshotManifest`.
    package static func around(manifest json: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(0x184D_2A5E))
        bytes.append(littleEndian: UInt32(json.count + 16))
        bytes += json
        bytes.append(littleEndian: UInt32(json.count))
        bytes.append(littleEndian: CRC32C.checksum(json.span))
        bytes += Array("NEXUSNAP".utf8)
        return bytes
    }
}

import CLZ4

/// The version of the system's LZ4 library.
package var lz4Version: UInt32 { LZ4F_getVersion() }

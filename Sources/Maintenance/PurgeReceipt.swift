/// What a purge has removed, and what it has looked at afterwards.
package struct PurgeReceipt: Equatable, Sendable {
    package init() {}

    /// Rows of `events`.
    package internal(set) var events = 0
    /// Rows of `sessions`.
    package internal(set) var sessions = 0
    /// Files of the buffer that were taken in and removed, kept damaged ones among them.
    package internal(set) var bufferFiles = 0
    /// Snapshots that stood in the data folder.
    package internal(set) var snapshots: [String] = []
    package internal(set) var renewedKey = false
    /// Length of the data folder before and after, in bytes.
    package internal(set) var bytesBefore = 0
    package internal(set) var bytesAfter = 0

    /// Different texts that stood in removed rows and stand in none that is left.
    package internal(set) var values = 0
    /// How many of them were looked for in every byte of the files. The others are shorter than eight bytes or a part of
    /// a text that is left, so that finding them would say nothing; they were looked up in the tables.
    package internal(set) var valuesSearched = 0
    package internal(set) var filesSearched = 0
    package internal(set) var bytesSearched = 0
    /// Where something of what was removed was found all the same: files, and tables of the database.
    package internal(set) var foundIn: [String] = []
}

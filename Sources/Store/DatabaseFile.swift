import GRDB
import GRDBSQLite

/// A file of a database's, read through the handle that SQLite has of it: see `PinnedPages`.
///
/// The handle and the memory behind it are the connection's, which outlives the value: it is made inside a call on the
/// connection and does not leave it.
@safe struct DatabaseFile: ~Copyable {
    enum Role {
        case database, log
    }

    /// What the log's index says at a moment.
    struct LogIndex {
        /// Which commit was the last one, as SQLite writes it down.
        let header: [UInt8]
        /// Frames of the log that count.
        let frames: Int
        /// How many of them have been brought into the database's file at least.
        let framesInFile: Int
        /// What tells this log from those before it.
        var salts: ArraySlice<UInt8> { header[32..<40] }
    }

    private static let headerBytes = 48
    private static let frameHeaderBytes = 24
    private static let indexRegionBytes = 32_768

    private let file: UnsafeMutablePointer<sqlite3_file>
    private let methods: sqlite3_io_methods

    init(_ database: Database, _ role: Role) throws {
        var file: UnsafeMutablePointer<sqlite3_file>?
        let code = role == .log ? SQLITE_FCNTL_JOURNAL_POINTER : SQLITE_FCNTL_FILE_POINTER
        let result = unsafe withUnsafeMutablePointer(to: &file) {
            unsafe sqlite3_file_control(database.sqliteConnection, "main", code, $0)
        }
        guard result == SQLITE_OK, let file = unsafe file, let methods = unsafe file.pointee.pMethods else {
            throw DatabaseError(resultCode: .SQLITE_IOERR, message: "SQLite does not show the database's files")
        }
        unsafe (self.file, self.methods) = (file, methods.pointee)
    }

    /// Reads `count` bytes; what lies behind the end of the file is zeros.
    func read(_ count: Int, at offset: Int) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: count) { room, filled in
            // The call fills all of the room that it is told the length of, with zeros where the file has ended.
            let result = unsafe methods.xRead(file, room.baseAddress, Int32(count), sqlite3_int64(offset))
            let isShort = result == SQLITE_IOERR | (2 << 8)  // SQLITE_IOERR_SHORT_READ
            guard result == SQLITE_OK || isShort else {
                throw DatabaseError(resultCode: ResultCode(rawValue: result), message: "reading pages")
            }
            filled = count
        }
    }

    /// What the index of the log says; nil while it is being changed.
    ///
    /// The index is memory that all connections share: two copies of a header, and behind them how many frames have been
    /// brought into the file. That number is read first, as a log is begun anew by changing the header first.
    func logIndex() throws -> LogIndex? {
        guard methods.iVersion >= 2 else { return nil }
        var region: UnsafeMutableRawPointer?
        let result = unsafe withUnsafeMutablePointer(to: &region) {
            unsafe methods.xShmMap(file, 0, Int32(Self.indexRegionBytes), 0, $0)
        }
        guard result == SQLITE_OK, let region = unsafe region else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(start: region, count: Self.headerBytes * 2 + 4)
        let inFile = unsafe bytes.loadUnaligned(fromByteOffset: Self.headerBytes * 2, as: UInt32.self)
        unsafe methods.xShmBarrier(file)
        let first = unsafe Array(bytes[..<Self.headerBytes])
        unsafe methods.xShmBarrier(file)
        let second = unsafe Array(bytes[Self.headerBytes..<Self.headerBytes * 2])
        guard first == second, first[12] == 1 else { return nil }
        let frames = unsafe first.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: 16, as: UInt32.self) }
        return LogIndex(header: first, frames: Int(frames), framesInFile: Int(inFile))
    }

    /// Where in the log the last frame for each page begins, as far as `index` goes; nil when this is another log.
    func pages(of index: LogIndex, pageBytes: Int) throws -> [Int: Int]? {
        guard try read(8, at: 16)[...].elementsEqual(index.salts) else { return nil }
        var places: [Int: Int] = [:]
        for frame in 0..<index.frames {
            let place = 32 + frame * (Self.frameHeaderBytes + pageBytes)
            let header = try read(Self.frameHeaderBytes, at: place)
            guard header[8..<16].elementsEqual(index.salts) else { return nil }
            places[Int(header.bigEndian32(at: 0))] = place + Self.frameHeaderBytes
        }
        return places
    }
}

extension Configuration {
    /// Lets a transaction stay open between two uses of a connection: who begins one has to end it.
    mutating func letTransactionsStayOpen() { allowsUnsafeTransactions = true }
}

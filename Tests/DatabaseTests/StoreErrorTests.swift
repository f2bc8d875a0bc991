import Core
import Foundation
import GRDB
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@testable import Database

@Suite("Errors of the database")
struct StoreErrorTests {
    private static let path = "/data/nexus.db"

    private static let codes: [(ResultCode, StoreError)] = [
        (.SQLITE_NOTADB, .notADatabase(path: path)), (.SQLITE_CORRUPT, .notADatabase(path: path)),
        (.SQLITE_FULL, .diskFull(path: path)), (.SQLITE_BUSY, .locked(path: path)),
        (.SQLITE_READONLY, .notPermitted(path: path)), (.SQLITE_PERM, .notPermitted(path: path)),
        (.SQLITE_READONLY_ROLLBACK, .walNeedsRecovery(path: path)), (.SQLITE_CANTOPEN, .notPermitted(path: path)),
        (.SQLITE_IOERR, .database(path: path, message: "as SQLite says")),
    ]

    @Test("Each failure of SQLite has one meaning", arguments: codes)
    func meaning(code: ResultCode, error: StoreError) {
        let failure = DatabaseError(resultCode: code, message: "as SQLite says")
        #expect(StoreError(failure, path: Self.path) == error)
        #expect(throws: error) { try asStoreError(Self.path) { () throws -> Void in throw failure } }
    }

    @Test("Errors of the buffer and of the system stay what they are")
    func others() {
        #expect(StoreError(BufferError.busy(path: "/b"), path: "") == .buffer(.busy(path: "/b")))
        let system = SystemError("open", "/data", code: ENOENT)
        #expect(StoreError(system, path: "") == .system(system))
        #expect(StoreError(StoreError.busy, path: "") == .busy)
        #expect(StoreError.system(system).description == system.description)
        #expect(StoreError.buffer(.busy(path: "/b")).description == BufferError.busy(path: "/b").description)
        guard case .database("/p", _) = StoreError(CancellationError(), path: "/p") else {
            Issue.record("another error has no case of its own")
            return
        }
    }

    /// Each error, its exit code, and what its sentence must say.
    private static let sentences: [(StoreError, ExitCode, [String])] = [
        (.notADatabase(path: path), .inputOutput, [path, "restore a backup"]),
        (.newerVersion(path: path), .settings, [path, "a newer Nexus wrote it; update Nexus"]),
        (.damagedRollups, .inputOutput, ["run 'nexus doctor --rebuild'"]),
        (.olderVersion(path: path), .settings, [path, "an older Nexus wrote it; run 'nexus flush'"]),
        (.blockedByReader(path: path), .tryAgain, [path, "accepted events wait in the buffer"]),
        (.diskFull(path: path), .inputOutput, [path, "free space and run 'nexus flush'"]),
        (.notPermitted(path: path), .notPermitted, [path, "permission denied"]),
        (.locked(path: path), .tryAgain, [path, "try again when that program has ended"]),
        (.walNeedsRecovery(path: path), .tryAgain, ["cannot read \(path)", "run 'nexus flush'"]),
        (
            .idsExhausted(table: "events", id: 7), .inputOutput,
            ["'events' has a row with the id 7", StoreError.adviceOnExhaustedIDs]
        ),
        (.neverRecorded(id: 9, highest: 3), .rejectedInput, ["with the id 9", "assigned here is 3"]),
        (.busy, .tryAgain, ["run 'nexus flush' when that report has ended"]),
        (.database(path: path, message: "bad\u{1B}"), .inputOutput, ["cannot use \(path): bad\\u{1b}"]),
    ]

    @Test("Each error states the failure and the fix, and has an exit code", arguments: sentences)
    func sentence(error: StoreError, code: ExitCode, parts: [String]) {
        #expect(error.exitCode == code)
        for part in parts { #expect(error.description.contains(part), "\(error.description)") }
    }

    @Test("Only a reader or a stopped recorder blocks, and only exhausted ids end storing")
    func classes() {
        #expect(StoreError.blockedByReader(path: "").isBlocked && StoreError.buffer(.busy(path: "")).isBlocked)
        #expect(!StoreError.busy.isBlocked && !StoreError.busy.isOutOfIDs)
        #expect(StoreError.idsExhausted(table: "events", id: 1).isOutOfIDs)
    }
}

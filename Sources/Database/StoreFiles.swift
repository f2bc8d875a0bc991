import Core
import GRDB
import SystemSupport

/// The files of a data folder as the writer last saw them: the table `store_files`, one line.
///
/// Two copies of a folder would give the same ids to different events. So a copy, or a folder that a backup was
/// restored into, has to continue as a new installation. The writer compares the line with the files and detects three
/// cases:
///
/// - A copy in another folder (`cp -a`, tar, rsync) has other inodes.
/// - A restore that overwrites the files in place (`cp -a backup/. folder/`) changes the ctime of `writer.lock`. Nexus
///   never writes this file after its creation. No program can set a ctime, so a copy cannot preserve it.
/// - A restore that replaces `nexus.db` by a rename (rsync, mv) gives `nexus.db` another inode.
///
/// Renaming the folder changes neither the inodes nor the ctime. Device numbers are left out, because they change when
/// a disk is attached again.
///
/// Two cases are not detected: a program overwrites `nexus.db` alone in place, or the whole disk is copied (a disk
/// image, a volume snapshot). Nexus mistakes a `chmod` of `writer.lock` for a copy. The installation then gets a new
/// id, and the next sync sends all rows again.
struct StoreFiles: Equatable {
    private let databaseInode: Int64
    private let lockInode: Int64
    /// The ctime of `writer.lock`, in nanoseconds since 1970.
    private let lockChanged: Int64

    /// Nil if one of the two files is missing.
    private init?(of data: DataFolder) {
        guard let database = FileStatus(of: data.databasePath), let lock = FileStatus(of: data.writerLockPath) else {
            return nil
        }
        databaseInode = Int64(bitPattern: database.inode)
        lockInode = Int64(bitPattern: lock.inode)
        lockChanged = lock.changedNanoseconds
    }

    private init(_ row: Row) {
        (databaseInode, lockInode, lockChanged) = (row[0], row[1], row[2])
    }

    /// Gives a copied or restored database a new identity, inside the caller's transaction. The caller holds the writer
    /// lock. The database gets a new installation id, and the old id becomes the origin of the existing rows. The
    /// database also gets a new name, so that Nexus does not mistake the sync progress of the other copy for its own.
    static func renewIdentityIfCopied(_ data: DataFolder, in database: Database) throws {
        guard let files = StoreFiles(of: data) else { return }
        let known = try Row.fetchOne(database, sql: "SELECT database_inode, lock_inode, lock_changed FROM store_files")
            .map(StoreFiles.init)
        if known == files { return }
        if known != nil {
            try InstallationID.renew(in: database)
            try database.execute(sql: "UPDATE store SET id = lower(hex(randomblob(16)))")
        }
        // Without this call, a power failure could undo the creation of the lock file. Nexus would then mistake the
        // next lock file for the lock file of a copied folder.
        try data.folder.synchronize()
        try database.execute(
            sql: "INSERT OR REPLACE INTO store_files VALUES (1, ?, ?, ?)",
            arguments: [files.databaseInode, files.lockInode, files.lockChanged])
    }
}

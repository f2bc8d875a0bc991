/// Every bound of Nexus, each with its reason. No queue, cache or buffer grows with its input.
package enum Limits {
    // MARK: What an event may hold

    /// Longest line of input, in bytes, without its line feed: some hundreds of times the length of a usual event. A
    /// stream whose lines all have this length needs no more memory than any other stream.
    package static let lineBytes = 64 * 1024
    /// Deepest nesting of a JSON value or an XML element. Nexus reads and skips JSON values by recursion, so their
    /// depth needs a limit.
    package static let nestingDepth = 32
    /// Longest raw workspace or task name, in bytes. No file system allows a path component longer than 255 bytes, and
    /// a whole path has at most 4096 bytes.
    package static let nameBytes = 4096
    /// Longest event type, error category and template, in bytes. They are identifiers, not prose.
    package static let identifierBytes = 64
    /// Longest session id, in bytes: a UUID takes 36.
    package static let sessionBytes = 64
    /// Maximum number of words in a stored command: a program, its subcommand and two more words. Further words are
    /// arguments.
    package static let commandWords = 4
    /// Longest word of a command, in bytes; longer words are data, not names.
    package static let commandWordBytes = 32
    /// Longest command as it is stored, in bytes: the words and the spaces between them.
    package static let commandBytes = commandWords * commandWordBytes + commandWords - 1
    /// Maximum number of commands of a shell line that the parser keeps. A line with more commands is always a
    /// `command_line`.
    package static let shellLineCommands = 64
    /// Maximum number of words of a command that are kept in memory until the command is named: wrappers with their
    /// options, the program and its subcommands.
    package static let shellCommandWords = 24
    /// Longest part of such a word that is kept in memory, in bytes: enough for a path to a program.
    package static let shellWordBytes = 512
    /// Maximum number of here-documents in one shell line whose ends the parser searches for.
    package static let shellHereDocuments = 16
    /// Maximum number of checks, in one shell line, whether `((` begins arithmetic. Each check may read to the end of
    /// the line, so this number bounds the time.
    package static let shellArithmeticChecks = 16
    /// Longest time of a failed `cd`, in milliseconds. If a line such as `cd repo && make` took longer, `make` ran.
    package static let folderChangeMilliseconds: Int64 = 100
    /// Characters of a keyed hash as it is stored: 16 bytes in hexadecimal.
    package static let hashCharacters = 32
    /// Longest duration, in milliseconds: a year. The sum over any realistic number of events fits into 64 bits.
    package static let durationMilliseconds: Int64 = 365 * 24 * 3600 * 1000
    /// Maximum number of services that one event may report.
    package static let servicesCount: Int64 = 1_000_000
    /// Maximum number of ports that one event may report: the number of port numbers.
    package static let portsUsed: Int64 = 65_536
    /// Earliest time of an event: 2000-01-01. The current time in seconds, misread as milliseconds, is earlier.
    package static let earliestTimestamp: Int64 = 946_684_800_000
    /// Latest time of an event: the end of the year 9999, the last year that the text form can represent. The current
    /// time in microseconds, misread as milliseconds, is later.
    package static let latestTimestamp: Int64 = 253_402_300_799_999
    /// Longest time that a recorded event may be ahead of the clock, in milliseconds. A day is enough to accept a local
    /// time that was given as UTC, in every time zone. An event further ahead would keep its session open and shift
    /// every report until its time comes. Times of imported rows are not compared to the clock.
    package static let aheadMilliseconds: Int64 = 24 * 3600 * 1000
    /// Idle time after which a session counts as over, in milliseconds: half an hour, as is usual in web analytics.
    package static let sessionIdleMilliseconds: Int64 = 30 * 60 * 1000

    // MARK: In memory

    /// Size of one read of input, in bytes. It is large enough to make the time of the system calls negligible, and it
    /// fits into the processor's second-level cache.
    package static let inputChunkBytes = 512 * 1024
    /// Capacity of the ring between intake and buffer, in bytes.
    package static let ringBytes = 1024 * 1024
    /// Number of records in the ring at which it is flushed.
    package static let flushRecords = 4096
    /// Number of bytes in the ring at which it is flushed.
    package static let flushBytes = 256 * 1024
    /// Longest wait of a record in the ring before a flush. A user does not notice this delay.
    package static let flushInterval: Duration = .milliseconds(20)
    /// Interval between background fsyncs of accepted events. An fsync itself takes time too, and the service notices
    /// appends of other processes with a delay. In total, a power cut loses at most the events of the last 50
    /// milliseconds.
    package static let synchronizationInterval: Duration = .milliseconds(20)
    /// Longest time that an append waits for an fsync before streams and the clients of the socket are throttled.
    package static let longestWaitForDisk: Duration = .milliseconds(30)
    /// Longest time that a stream or a client is throttled before it may record again. A disk that hangs must not stop
    /// a program that records events.
    package static let longestThrottle: Duration = .milliseconds(100)
    /// Interval at which a throttled stream or client checks whether the fsync has returned.
    package static let pollInterval: Duration = .milliseconds(2)
    /// Maximum number of batches in the ring. Unless batches are very small, the ring reaches its limit of bytes first.
    package static let ringBatches = 1024
    /// Maximum number of connections that the service serves at the same time, if the system allows that number. Each
    /// shell or tool has one connection.
    package static let connections = 4096
    /// Capacity of the service's pipe, in bytes. A fast loop of commands can write some five thousand events before the
    /// service reads them.
    package static let pipeBytes = 1024 * 1024
    /// Maximum number of names in one cache, for example in the cache of their hashes. A cache that reaches this number
    /// is cleared.
    package static let rememberedNames = 16 * 1024
    /// Maximum number of combinations of properties by which events are counted (see `Combination`). Events of further
    /// combinations are counted together. A busy month of 30 workspaces and 45 commands has some 20,000 combinations.
    package static let combinations: UInt32 = 200_000
    /// Maximum number of combinations whose numbers are cached. A cache that reaches this number is cleared.
    package static let rememberedCombinations = 64 * 1024
    /// Longest text whose validation result is cached, in bytes. Such a text is most often a command with the arguments
    /// that validation removes.
    package static let longestRememberedText = 256
    /// Maximum size of the texts in one cache, in bytes. A cache that reaches this size is cleared.
    package static let rememberedTextBytes = 1024 * 1024
    /// Maximum number of sessions that the writer caches. A cache that reaches this number is cleared.
    package static let rememberedSessions = 16 * 1024

    /// Time without output after which the check of a shell's hook assumes that the shell waits for a line. Start files
    /// print in bursts, so a shorter pause proves nothing.
    package static let hookQuietTime: Duration = .milliseconds(200)

    /// Open files that a command of `nexus` needs at one time, in addition to its input and output. These are the
    /// database with its WAL and index (each twice), locks, segments, a scratch folder, a socket, and the files that
    /// libraries open.
    package static let commandFiles = 24
    /// Open files that the service needs at one time. The service needs more files than a command, for the event loops
    /// of its sockets and for a few clients.
    package static let serviceFiles = 48
    /// Threads that a command needs in addition to the runtime's threads: writer, appender, encoder, sender.
    package static let commandThreads = 4
    /// Maximum number of threads of the concurrency runtime that a command needs, however many processors there are.
    /// The runtime works even if it gets fewer threads than there are processors.
    package static let commandProcessors = 8
    /// Memory that a command needs for its data, in bytes: caches of two database connections, chunks, and a margin.
    package static let commandMemoryBytes = 128 * 1024 * 1024
    /// Open files that the recorder of one event needs at one time: folder, settings, key, segment, cost log.
    package static let recorderFiles = 8
    /// Memory that the recorder of one event needs for its data, in bytes.
    package static let recorderMemoryBytes = 8 * 1024 * 1024

    // MARK: On disk

    /// Longest settings file, in bytes: enough for many hundred destinations. A recorder reads a file of this length
    /// without a noticeable delay.
    package static let settingsBytes = 64 * 1024
    /// Longest wait of a recorder for a segment to which another process appends. After that wait the recorder begins
    /// another segment. An append usually takes some microseconds, but the other process may have been stopped during
    /// its append. A drain that wants to remove a stored segment waits equally long, and then keeps the segment for
    /// now.
    package static let longestWaitForSegment: Duration = .milliseconds(50)
    /// Longest wait for the end of another process's append to a segment. A process waits if it wants to read or purge
    /// that segment, or to begin the next segment. A process stopped with Ctrl-Z does not end its append.
    package static let longestWaitForAppend: Duration = .seconds(2)
    /// Growth of a segment, in bytes, after which a recorder checks whether earlier segments wait to be drained.
    package static let backlogLookBytes = 64 * 1024
    /// Length past which a segment accepts no further record, in bytes. A segment is removed as a whole, so short
    /// segments free their space soon.
    package static let segmentBytes = 8 * 1024 * 1024
    /// Longest payload of a record, in bytes; a longer payload in a segment is corruption.
    package static let recordBytes = 1024
    /// Maximum number of segments that may wait to be drained: 2 GiB in total. If this number is reached, recording
    /// fails with an error that asks the user to try again.
    package static let waitingSegments = 256
    /// Maximum number of stored and removed segments whose ids the database keeps. A user may restore such a segment
    /// from a backup of the buffer. The stored id then keeps the drain from storing the segment's events twice. The ids
    /// take some 5 MB. Each drain that stores something removes about one segment. At one drain a minute the limit is
    /// reached in ten weeks. A user who restores only the buffer rarely uses an older backup.
    package static let storedSegments = 100_000
    /// Maximum number of events of one stream that wait in the buffer, some 30 MiB. Past this number, the stream pauses
    /// reading until its drain has stored some of these events.
    package static let streamBacklogEvents = 200_000
    /// Number of events in the buffer, some 150 MiB, past which the service throttles its clients. A drain stores this
    /// number in about a second.
    package static let serviceBacklogEvents = 1_000_000
    /// Bytes of a segment that the writer reads with one call: some 1,500 events. These events and their rows fit into
    /// the processor's second-level cache.
    package static let drainChunkBytes = 256 * 1024
    /// Maximum number of events in one transaction. The fixed cost of a transaction with this number is negligible, and
    /// the transaction takes a fraction of a second at most.
    package static let transactionEvents = 64 * 1024
    /// Maximum size of all records in one transaction, in bytes, because the rows made from them have to fit into the
    /// WAL (`walBytes`). Usual events reach the limit `transactionEvents` before this limit.
    package static let transactionBytes = 12 * 1024 * 1024
    /// Maximum number of 15-minute buckets in one transaction. Each bucket changes some 16 KiB of pages in the rollups,
    /// and the pages of its day. All changed pages have to fit into the WAL (`walBytes`). If the events of a
    /// transaction are in order of time, they are in some ten buckets.
    package static let transactionSlots = 512
    /// Maximum number of sessions in one transaction that the writer has not cached. The pages that they change have to
    /// fit into the WAL too. Session ids are not in order of time, so each id changes a different page of an index.
    package static let transactionNewSessions = 1024
    /// Maximum number of sessions in one transaction, whether cached or not. The rows of cached sessions are close to
    /// each other: a page has some hundred of them.
    package static let transactionSessions = 8192
    /// Largest size of SQLite's WAL, in bytes. The WAL is checkpointed at half this size. A reader can keep the WAL
    /// from being reset. The writer then stops before a transaction might no longer fit, and events wait in the buffer.
    package static let walBytes = 64 * 1024 * 1024
    /// Maximum number of bytes that one transaction adds to the WAL. The limits above ensure that no transaction adds
    /// more.
    package static let transactionWALBytes = 24 * 1024 * 1024
    /// Maximum number of corrupt segments that are kept for inspection. If there are more, the oldest are deleted.
    package static let damagedSegmentsKept = 4

    // MARK: Snapshots

    /// Minimum size, in bytes, of a database that is exported without a copy. A smaller database is first copied, which
    /// takes at most a tenth of a second.
    package static let directSnapshotBytes = 64 * 1024 * 1024
    /// Longest wait for the writer lock, which an export without a copy needs. After that wait the export copies the
    /// database instead. The copy takes about as long as the wait.
    package static let directSnapshotPatience: Duration = .seconds(1)

    /// Longest manifest of a snapshot, in bytes: some thirty times the length of a usual manifest.
    package static let manifestBytes = 16 * 1024
    /// Largest ratio of a snapshot's unpacked size to its packed size. Compression makes events some three to twenty
    /// times smaller. A file with a larger ratio was made to fill a disk.
    package static let snapshotRatio = 64
    /// Largest unpacked size, in bytes, of a snapshot that is accepted at any ratio. A small database consists mostly
    /// of empty pages, which compress to almost nothing.
    package static let snapshotBytesAnyRatio = 64 * 1024 * 1024
    /// Longest value in a snapshot's database, in bytes. A value is read into memory as a whole, so the length that the
    /// file declares needs a limit.
    package static let snapshotValueBytes = 64 * 1024
    /// Rows of a snapshot that are read and inserted at a time. They take some 256 KiB and fit into the processor's
    /// second-level cache.
    package static let snapshotRows = 2048

    // MARK: Imported histories

    /// Longest entry of a shell's history, in bytes: the same as the longest line of input (`lineBytes`). A longer
    /// entry is skipped without being buffered.
    package static let historyEntryBytes = 64 * 1024
    /// Maximum number of entries of a history that one transaction imports. They take a fraction of a second, and some
    /// 600 KiB of memory.
    package static let historyRows = 4096
    /// Maximum number of recorded command runs that are compared with the entries of a history: some 16 MiB in memory.
    /// An entry that began after the last of these runs counts as recorded.
    package static let runsComparedWithHistory = 128 * 1024
    /// Maximum number of rows that are searched for such runs, from the rows of the first recorded shell on. The search
    /// takes a second or two.
    package static let rowsComparedWithHistory: Int64 = 4_000_000
    /// Longest entry whose name an import caches, in bytes. Lines that users type repeatedly are shorter.
    package static let rememberedLineBytes = 512
    /// Longest history file, in bytes, of a shell that writes one document for each session. An import reads such a
    /// file into memory as a whole and skips a longer file. A file is longer only if the user's shell also stores the
    /// outputs of commands.
    package static let historyDocumentBytes = 64 * 1024 * 1024
    /// Rows of another program's database that one query reads: at most 4 MiB.
    package static let historyPage = 64
    /// Maximum number of entries in the same second whose times are trusted. No user types more lines in a second. If a
    /// second has more entries, zsh or another importer gave its own time of import to all entries that had no time.
    package static let historyEntriesOfASecond = 100
    /// Maximum number of different entries that are compared to detect that a shell keeps each line only once: some 1
    /// MiB in memory.
    package static let historyLinesCompared = 32 * 1024
    /// Minimum number of entries that the detection needs. A history of at least this length without a repeated line
    /// counts as a history that keeps each line only once.
    package static let historyLinesToJudge = 100
    /// Maximum number of entries of several histories that a list of histories compares with each other: some 64 MiB in
    /// memory. With more entries the list may count a run twice. An import never counts a run twice.
    package static let historyMarksListed = 2_000_000

    // MARK: Sent elsewhere

    /// Maximum number of rows in one batch to ClickHouse. With this number of rows, ClickHouse's costs per batch and
    /// for merging parts are negligible.
    package static let syncBatchRows = 50_000
    /// Number of bytes at which a batch ends before it has `syncBatchRows` rows. Three batches are in memory at a time.
    package static let syncBatchBytes = 4 * 1024 * 1024
    /// Number of rows below which a batch to ClickHouse does not end because of `syncBatchBytes`. Smaller batches would
    /// make ClickHouse merge more than it stores.
    package static let syncBatchMinimumRows = 10_000
    /// Maximum number of days of aggregates in one batch. If the process is killed, at most one batch is sent again.
    /// The ledger lines of a batch need only one fsync.
    package static let syncBatchDays = 100
    /// Longest list of names that may be sent with aggregates, in bytes: enough for some ten thousand names.
    package static let allowedNamesBytes = 256 * 1024
    /// Longest file of the destinations of aggregates, in bytes: enough for a dozen lists of the longest size.
    package static let aggregateSettingsBytes = 4 * 1024 * 1024
    /// Maximum number of rows in one file that is sent to a folder or a server. The file has some ten megabytes, which
    /// can be sent even over an unreliable connection.
    package static let syncFileRows: Int64 = 500_000
    /// Maximum number of attempts at one transfer. Then an error asks the user to try again later. The waits between
    /// the attempts take at most eight seconds in total, unless the destination requests longer waits.
    package static let syncAttempts = 6
    /// Longest wait before the second attempt. The longest wait doubles with each further attempt, up to
    /// `syncLongestDelay`.
    package static let syncFirstDelay: Duration = .milliseconds(250)
    /// Longest wait before any attempt, unless the destination requests a longer wait.
    package static let syncLongestDelay: Duration = .seconds(30)
    /// Longest wait that a server may request. If a server requests a longer wait, Nexus gives up, and the user
    /// decides when to try again.
    package static let syncLongestRequestedDelay: Duration = .seconds(60)
    /// Longest time to establish a connection, in seconds.
    package static let syncConnectSeconds: Int64 = 10
    /// Maximum number of attempts at a transfer if no connection is established within `syncConnectSeconds`, TLS
    /// handshake included. The second attempt bridges a brief overload of the network. A user learns of a wrong host or
    /// port within half a minute.
    package static let syncConnectAttempts = 2
    /// Longest time without data on a connection, in seconds. On a busy disk ClickHouse takes some seconds to store a
    /// large batch.
    package static let syncIdleSeconds: Int64 = 60
    /// Longest time for a request that sends no data. On a busy cluster a statement about a table takes ClickHouse a
    /// minute. A request that sends data has more time (see `syncLeastBytesPerSecond`).
    package static let syncRequestTime: Duration = .seconds(300)
    /// Minimum speed of a transfer, in bytes a second: the speed of a weak mobile connection. A slower transfer is
    /// aborted. The largest file, some ten megabytes, may take 15 minutes.
    package static let syncLeastBytesPerSecond = 16 * 1024
    /// Longest file of trusted certificates, in bytes: some ten times the size of an operating system's file.
    package static let certificateFileBytes = 4 * 1024 * 1024
    /// Maximum number of bytes that are read of a server's answer, except for the answer to a report's query. If the
    /// request failed, the first sentence of the answer names the problem.
    package static let syncAnswerBytes = 4096
    /// Longest answer of a server to the query of a report, in bytes. A report of a year with 500 commands, by day,
    /// gets an answer of some hundred megabytes.
    package static let reportAnswerBytes = 1024 * 1024 * 1024
    /// Longest line of such an answer, in bytes.
    package static let reportLineBytes = 64 * 1024
    /// Longest time that a server may take for one query of a report, in seconds.
    package static let reportSeconds = 120
    /// Maximum memory that a server may use for one query of a report, in bytes.
    package static let reportServerBytes = 4 * 1024 * 1024 * 1024
    /// Longest URL of a destination, in bytes: it has to fit in a line of the ledger.
    package static let destinationBytes = 1024
    /// Longest user name, and longest password, in bytes.
    package static let credentialBytes = 256
    /// Longest line of the egress ledger, in bytes.
    package static let ledgerLineBytes = 4096

    /// Maximum number of names in one folder that are hashed to find the names behind workspace hashes. No user has
    /// more projects in one folder. Hashing them takes some 20 ms.
    package static let listedNames = 10_000
}

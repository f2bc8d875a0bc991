/// Every bound of Nexus, each with its reason. No queue, cache or buffer grows with its input.
package enum Limits {
    // MARK: What an event may hold

    /// Longest line of input, in bytes, without its line feed: some hundred times a usual event. A stream in which
    /// every line has this length needs no more memory than any other stream.
    package static let lineBytes = 64 * 1024
    /// Deepest nesting of a value under a key unknown to Nexus. Nexus skips such a value by recursion, so its depth
    /// needs a limit.
    package static let nestingDepth = 32
    /// Longest raw workspace or task name, in bytes. No file system allows a path component longer than 255, and a whole path is
    /// at most 4096.
    package static let nameBytes = 4096
    /// Longest event type, error category and template, in bytes: identifiers, not prose.
    package static let identifierBytes = 64
    /// Longest session id, in bytes: a UUID takes 36.
    package static let sessionBytes = 64
    /// Words of a command that are kept: a program, its subcommand, and two more. Further words are arguments.
    package static let commandWords = 4
    /// Longest word of a command, in bytes; longer words are data, not names.
    package static let commandWordBytes = 32
    /// Longest command as it is stored: the words and the spaces between them.
    package static let commandBytes = commandWords * commandWordBytes + commandWords - 1
    /// Commands of a shell line that are distinguished; a line with more is always a `command_line`.
    package static let shellLineCommands = 64
    /// Words of a command that are kept while it is named: wrappers with their options, the program and its subcommands.
    package static let shellCommandWords = 24
    /// Longest text of a word that is kept while a command is named, in bytes: a path to a program.
    package static let shellWordBytes = 512
    /// Here-documents of a shell line whose ends are searched for.
    package static let shellHereDocuments = 16
    /// Most checks, in one shell line, whether `((` begins arithmetic. Each check may read to the end of the line, so
    /// this number bounds the time.
    package static let shellArithmeticChecks = 16
    /// Longest time of a failed `cd`, in milliseconds. A longer duration shows that the command after the `cd` ran.
    package static let folderChangeMilliseconds: Int64 = 100
    /// Characters of a keyed hash as it is stored: 16 bytes in hexadecimal.
    package static let hashCharacters = 32
    /// Longest duration, in milliseconds: a year. Sums over any realistic number of events stay inside 64 bits.
    package static let durationMilliseconds: Int64 = 365 * 24 * 3600 * 1000
    /// Most services that one event may report.
    package static let servicesCount: Int64 = 1_000_000
    /// Most ports that one event may report: no more port numbers exist.
    package static let portsUsed: Int64 = 65_536
    /// Earliest time of an event: 2000-01-01. Seconds given in place of milliseconds fall before it.
    package static let earliestTimestamp: Int64 = 946_684_800_000
    /// Latest time of an event: the end of the year 9999, the last that the text form can represent. Microseconds given in place
    /// of milliseconds fall after it.
    package static let latestTimestamp: Int64 = 253_402_300_799_999
    /// Longest time that a recorded event may be ahead of the clock, in milliseconds. A day is enough to accept a local
    /// time that was given as UTC, in every time zone. An event further ahead would keep its session open and shift
    /// every report until its time comes. Times of imported rows are not compared to the clock.
    package static let aheadMilliseconds: Int64 = 24 * 3600 * 1000
    /// Idle time after which a session counts as over, in milliseconds: half an hour, as web analytics has it.
    package static let sessionIdleMilliseconds: Int64 = 30 * 60 * 1000

    // MARK: In memory

    /// Size of one read of input, in bytes: large enough that the time of the system calls is negligible, small enough
    /// for the processor's second-level cache.
    package static let inputChunkBytes = 512 * 1024
    /// Capacity of the ring between intake and buffer, in bytes.
    package static let ringBytes = 1024 * 1024
    /// The ring is flushed when it holds this many records …
    package static let flushRecords = 4096
    /// … or this many bytes …
    package static let flushBytes = 256 * 1024
    /// … or when its oldest record has waited this long, which a user does not notice.
    package static let flushInterval: Duration = .milliseconds(20)
    /// Interval between background fsyncs of accepted events. An fsync takes time, and the service notices appends of
    /// other processes with a delay. In total, a power cut loses the events of at most 50 milliseconds.
    package static let synchronizationInterval: Duration = .milliseconds(20)
    /// Longest wait for an fsync before a stream and the clients of the socket are throttled until it returns …
    package static let longestWaitForDisk: Duration = .milliseconds(30)
    /// … but at most this long at a time: a disk that hangs must not stop a recording program.
    package static let longestThrottle: Duration = .milliseconds(100)
    /// Interval between checks whether the fsync has returned.
    package static let pollInterval: Duration = .milliseconds(2)
    /// Most batches that the ring holds. Unless batches are very small, the ring reaches its limit of bytes first.
    package static let ringBatches = 1024
    /// Most connections that the service serves at once, if the system allows that number. Each shell or tool has one
    /// connection.
    package static let connections = 4096
    /// Capacity of the service's pipe, in bytes: some five thousand events, so that a fast loop of commands can write
    /// before the service reads.
    package static let pipeBytes = 1024 * 1024
    /// Most names whose hashes are cached. A cache that reaches this number is cleared.
    package static let rememberedNames = 16 * 1024
    /// Most combinations of properties by which events are counted (see `Combination`). Events of further combinations
    /// are counted together. A busy month of 30 workspaces and 45 commands has some 20,000 combinations.
    package static let combinations: UInt32 = 200_000
    /// Most combinations whose numbers are cached. A cache that reaches this number is cleared.
    package static let rememberedCombinations = 64 * 1024
    /// Longest text whose validation result is cached, in bytes. Such a text is most often a command with the arguments
    /// that validation removes.
    package static let longestRememberedText = 256
    /// Most bytes of cached texts. A cache that reaches this number is cleared.
    package static let rememberedTextBytes = 1024 * 1024
    /// Most sessions that the writer caches. A cache that reaches this number is cleared.
    package static let rememberedSessions = 16 * 1024

    /// Time without output after which the check of a hook assumes that the shell waits for a line. Start files print
    /// in bursts, so a shorter pause is not enough.
    package static let hookQuietTime: Duration = .milliseconds(200)

    /// Open files that a command needs at one time, in addition to its input and output. These are the database with
    /// its WAL and index (each twice), locks, segments, a scratch folder, a socket, and the files that libraries open.
    package static let commandFiles = 24
    /// Open files that the service needs at one time. It needs more than a command, for the event loops of its sockets
    /// and for a few clients.
    package static let serviceFiles = 48
    /// Threads that a command needs in addition to those of the concurrency runtime: writer, appender, encoder, sender.
    package static let commandThreads = 4
    /// Most threads of the concurrency runtime that a command needs. The runtime also works with fewer threads than
    /// processors.
    package static let commandProcessors = 8
    /// Memory that a command needs for its data, in bytes: caches of two connections, chunks, and a margin.
    package static let commandMemoryBytes = 128 * 1024 * 1024
    /// Open files that the recorder of one event needs at one time: folder, settings, key, segment, cost log.
    package static let recorderFiles = 8
    /// Memory that the recorder of one event needs for its data, in bytes.
    package static let recorderMemoryBytes = 8 * 1024 * 1024

    // MARK: On disk

    /// Longest settings file, in bytes: many hundred destinations. Reading one takes a recorder no noticeable time.
    package static let settingsBytes = 64 * 1024
    /// Longest wait of a recorder for a segment to which another process appends. After that wait the recorder begins
    /// another segment. An append usually takes some microseconds, but the other process may have been stopped during
    /// its append.
    package static let longestWaitForSegment: Duration = .milliseconds(50)
    /// Longest wait until another process ends its append, for a process that cannot continue before. Such a process
    /// reads a segment, removes it or begins the next segment. An fsync may take a part of this time. A process stopped
    /// with Ctrl-Z never ends its append.
    package static let longestWaitForAppend: Duration = .seconds(2)
    /// Growth of a segment, in bytes, after which a recorder checks whether earlier segments wait.
    package static let backlogLookBytes = 64 * 1024
    /// Length past which a segment accepts no further record, in bytes. A segment is removed as a whole, so short
    /// segments free their space soon.
    package static let segmentBytes = 8 * 1024 * 1024
    /// Longest payload of a record, in bytes; a longer payload in a segment is corruption.
    package static let recordBytes = 1024
    /// Most segments that may wait to be drained: 2 GiB in total. When this number waits, recording fails with an error
    /// that asks the user to try again.
    package static let waitingSegments = 256
    /// Most ids of stored and removed segments that the database keeps. A user may restore such a segment from a backup
    /// of the buffer; its id prevents that it is stored twice. The ids take some 5 MB. Each drain that stores something
    /// removes about one segment. At one drain a minute the limit is reached in ten weeks. Backups that are restored in
    /// part are rarely older.
    package static let storedSegments = 100_000
    /// Events in the buffer past which a stream that drains itself pauses reading, some 30 MiB.
    package static let streamBacklogEvents = 200_000
    /// Events in the buffer past which the service throttles its clients, some 200 MiB: a drain stores them in about a second.
    package static let serviceBacklogEvents = 1_000_000
    /// Bytes of a segment that the writer reads at once: some 1,500 events, which with their rows stay in the processor's
    /// second-level cache.
    package static let drainChunkBytes = 256 * 1024
    /// Most events in one transaction. The fixed cost of such a transaction is negligible, and it takes a fraction of a
    /// second at most.
    package static let transactionEvents = 64 * 1024
    /// Most bytes of records in one transaction, because their rows have to fit the WAL (`walBytes`).
    /// `transactionEvents` usual events have fewer bytes.
    package static let transactionBytes = 12 * 1024 * 1024
    /// Most 15-minute buckets in one transaction. Each bucket changes some 16 KiB of pages in the rollups, and the
    /// pages of its day. All changed pages have to fit the WAL (`walBytes`). The events of a transaction touch some ten
    /// buckets if they are in order of time.
    package static let transactionSlots = 512
    /// Most uncached sessions in one transaction: their pages have to fit the WAL too. Their ids are in no order of
    /// time, so each id changes a different page of an index.
    package static let transactionNewSessions = 1024
    /// Most sessions in one transaction, cached or not. The rows of cached sessions are close to each other, a hundred
    /// on a page.
    package static let transactionSessions = 8192
    /// Largest size of SQLite's WAL, in bytes. The WAL is checkpointed at half this size. A reader can keep the WAL
    /// from being reset. The writer then stops before a transaction might no longer fit, and events wait in the buffer.
    package static let walBytes = 64 * 1024 * 1024
    /// Most bytes that one transaction may add to the WAL. The limits of a transaction above ensure it.
    package static let transactionWALBytes = 24 * 1024 * 1024
    /// Corrupt segments that are kept for inspection; older ones are deleted.
    package static let damagedSegmentsKept = 4

    // MARK: Snapshots

    /// Least size, in bytes, of a database that is exported without a copy. A smaller database is copied within a tenth
    /// of a second.
    package static let directSnapshotBytes = 64 * 1024 * 1024
    /// Longest wait for the writer lock. After that wait the database is copied instead; the copy takes about as long
    /// as the wait.
    package static let directSnapshotPatience: Duration = .seconds(1)

    /// Longest manifest of a snapshot, in bytes: some thirty times a usual one.
    package static let manifestBytes = 16 * 1024
    /// Largest ratio of a snapshot's unpacked size to its packed size. Compression makes events some three to twenty
    /// times smaller. A file with a larger ratio was made to fill a disk.
    package static let snapshotRatio = 64
    /// Unpacked size of a snapshot, in bytes, that is accepted at any ratio: a small database is mostly empty pages.
    package static let snapshotBytesAnyRatio = 64 * 1024 * 1024
    /// Longest value in a snapshot's database, in bytes. A value is read into memory at once, so the length that the
    /// file declares needs a limit.
    package static let snapshotValueBytes = 64 * 1024
    /// Rows of a snapshot that are read and inserted at once, some 256 KiB: they stay in the processor's second-level cache.
    package static let snapshotRows = 2048

    // MARK: Imported histories

    /// Longest entry of a shell's history, in bytes: the length of a line of input. A longer one is skipped without being
    /// buffered.
    package static let historyEntryBytes = 64 * 1024
    /// Entries of a history that one transaction imports: a fraction of a second, and some 600 KiB in memory.
    package static let historyRows = 4096
    /// Most runs of recorded shells that are compared with the entries of a history: some 16 MiB in memory. An entry
    /// after the last of these runs counts as recorded.
    package static let runsComparedWithHistory = 128 * 1024
    /// Most rows that are searched for these runs, from the first recorded shell on. The search takes a second or two.
    package static let rowsComparedWithHistory: Int64 = 4_000_000
    /// Longest entry whose name an import caches, in bytes. Lines that users type repeatedly are shorter.
    package static let rememberedLineBytes = 512
    /// Longest history file, in bytes, of a shell that writes one document for each session. An import reads such a
    /// file at once and skips a longer file. A file is longer only if the user's shell also stores the outputs of
    /// commands.
    package static let historyDocumentBytes = 64 * 1024 * 1024
    /// Rows of another program's database that are read at once: at most 4 MiB.
    package static let historyPage = 64
    /// Most entries with the same second whose times are trusted. No user types more lines in a second. A larger number
    /// comes from zsh or another importer, which gives every entry without a time the time of its import.
    package static let historyEntriesOfASecond = 100
    /// Most different entries that are compared to detect that a shell keeps each line only once: some 1 MiB in memory.
    package static let historyLinesCompared = 32 * 1024
    /// Least number of entries for this detection. A history of at least this length without a repeated line counts as
    /// a history that keeps each line only once.
    package static let historyLinesToJudge = 100
    /// Most entries of several histories that a list of histories compares with each other: some 64 MiB in memory. With
    /// more entries the list may count a run twice. An import does not.
    package static let historyMarksListed = 2_000_000

    // MARK: Sent elsewhere

    /// Most rows in one batch to ClickHouse. With this number, ClickHouse's cost per batch and for merging parts is
    /// negligible …
    package static let syncBatchRows = 50_000
    /// … or the rows that fit into this number of bytes, because three batches are in memory at a time …
    package static let syncBatchBytes = 4 * 1024 * 1024
    /// … but at least this number of rows, if that number waits. Smaller batches make ClickHouse merge more than it
    /// stores.
    package static let syncBatchMinimumRows = 10_000
    /// Most days of aggregates in one batch. After a kill at most one batch of days is sent again. The ledger lines of
    /// a batch need only one fsync.
    package static let syncBatchDays = 100
    /// Longest list of names that may leave with aggregates, in bytes: some ten thousand names.
    package static let allowedNamesBytes = 256 * 1024
    /// Longest file of the destinations of aggregates, in bytes: a dozen of the longest lists.
    package static let aggregateSettingsBytes = 4 * 1024 * 1024
    /// Rows in one file to a folder or a server: some ten megabytes, which also get through an unreliable connection.
    package static let syncFileRows: Int64 = 500_000
    /// Attempts at one transfer before an error asks the user to try again later: eight seconds of waiting at most.
    package static let syncAttempts = 6
    /// Longest wait before the second attempt; the wait doubles with each further attempt …
    package static let syncFirstDelay: Duration = .milliseconds(250)
    /// … up to this limit.
    package static let syncLongestDelay: Duration = .seconds(30)
    /// Longest wait that a server may request. If the server requests more, Nexus gives up and the user decides when to
    /// try again.
    package static let syncLongestRequestedDelay: Duration = .seconds(60)
    /// Longest time to establish a connection, in seconds.
    package static let syncConnectSeconds: Int64 = 10
    /// Attempts to establish a connection within that time, TLS handshake included. A second attempt bridges a brief overload of
    /// the network, and a user learns of a wrong host or port within half a minute.
    package static let syncConnectAttempts = 2
    /// Longest time without data on a connection, in seconds. On a busy disk ClickHouse takes some seconds over a large
    /// batch.
    package static let syncIdleSeconds: Int64 = 60
    /// Longest time for a request without data: ClickHouse takes a minute over a table on a busy cluster.
    package static let syncRequestTime: Duration = .seconds(300)
    /// Slowest transfer that is not aborted, in bytes a second: that of a weak mobile connection. The largest file, some ten
    /// megabytes, may take 15 minutes.
    package static let syncLeastBytesPerSecond = 16 * 1024
    /// Longest file of trusted certificates, in bytes: some ten times the size of a system's own.
    package static let certificateFileBytes = 4 * 1024 * 1024
    /// Bytes of a server's answer that are read: its first sentence names the problem.
    package static let syncAnswerBytes = 4096
    /// Longest answer of a server to a report, in bytes, and the longest line of it: a year of 500 commands by day has some
    /// hundred megabytes.
    package static let reportAnswerBytes = 1024 * 1024 * 1024
    package static let reportLineBytes = 64 * 1024
    /// Longest time, in seconds, and most memory, in bytes, that a server may use for one question of a report.
    package static let reportSeconds = 120
    package static let reportServerBytes = 4 * 1024 * 1024 * 1024
    /// Longest URL of a destination, in bytes: it has to fit in a line of the ledger.
    package static let destinationBytes = 1024
    /// Longest user name and password, in bytes.
    package static let credentialBytes = 256
    /// Longest line of the egress ledger, in bytes.
    package static let ledgerLineBytes = 4096

    /// Names of a folder that are hashed to explain the hashes of workspaces: more projects than a user has in one folder, hashed
    /// in some 20 ms.
    package static let listedNames = 10_000
}

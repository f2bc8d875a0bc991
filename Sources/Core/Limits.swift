/// Every bound of Nexus, each with its reason. No queue, cache or buffer grows with its input.
package enum Limits {
    // MARK: What an event may hold

    /// Longest line of input, in bytes, without its line feed: some hundred times a usual event. A stream of longest lines alone
    /// needs no more memory than any other.
    package static let lineBytes = 64 * 1024
    /// Deepest nesting of a value under a key unknown to Nexus. Such a value is only skipped, but skipping recurses.
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
    /// Longest word of a command, in bytes; longer ones are data, not names.
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
    /// Checks whether `((` begins arithmetic in a shell line. Each may read to the end of the line, so this number bounds the
    /// time.
    package static let shellArithmeticChecks = 16
    /// A failed `cd` ends within this time, in milliseconds; a longer duration is that of the command after it.
    package static let folderChangeMilliseconds: Int64 = 100
    /// Characters of a keyed hash as it is stored: 16 bytes in hexadecimal.
    package static let hashCharacters = 32
    /// Longest duration, in milliseconds: a year. Sums over any realistic number of events stay inside 64 bits.
    package static let durationMilliseconds: Int64 = 365 * 24 * 3600 * 1000
    /// Most services that one event may report.
    package static let servicesCount: Int64 = 1_000_000
    /// Most ports that one event may report: there are no more.
    package static let portsUsed: Int64 = 65_536
    /// Earliest time of an event: 2000-01-01. Seconds given in place of milliseconds fall before it.
    package static let earliestTimestamp: Int64 = 946_684_800_000
    /// Latest time of an event: the end of the year 9999, the last that the text form can represent. Microseconds given in place
    /// of milliseconds fall after it.
    package static let latestTimestamp: Int64 = 253_402_300_799_999
    /// Longest time that a recorded event may be ahead of the clock, in milliseconds. With a day, a local time given as UTC is
    /// accepted in every time zone. A later one would keep a session open and shift every report until that day comes. Imported
    /// rows are not compared to the clock.
    package static let aheadMilliseconds: Int64 = 24 * 3600 * 1000
    /// Idle time after which a session counts as over, in milliseconds: half an hour, as web analytics has it.
    package static let sessionIdleMilliseconds: Int64 = 30 * 60 * 1000

    // MARK: In memory

    /// Size of one read of input, in bytes: large enough that the cost of the calls does not count, small enough for the
    /// processor's second-level cache.
    package static let inputChunkBytes = 512 * 1024
    /// Capacity of the ring between intake and buffer, in bytes.
    package static let ringBytes = 1024 * 1024
    /// The ring is flushed when it holds this many records …
    package static let flushRecords = 4096
    /// … or this many bytes …
    package static let flushBytes = 256 * 1024
    /// … or when its oldest record has waited this long, which a user does not notice.
    package static let flushInterval: Duration = .milliseconds(20)
    /// Interval between background fsyncs of accepted events. With the time that an fsync takes, and that the service takes to
    /// notice appends of other processes, a power cut costs at most 50 milliseconds' worth.
    package static let synchronizationInterval: Duration = .milliseconds(20)
    /// Longest wait for an fsync before a stream and the clients of the socket are throttled until it returns …
    package static let longestWaitForDisk: Duration = .milliseconds(30)
    /// … but at most this long at a time: a disk that hangs must not stop a recording program.
    package static let longestThrottle: Duration = .milliseconds(100)
    /// Interval between checks whether the fsync has returned.
    package static let pollInterval: Duration = .milliseconds(2)
    /// Batches that the ring holds. Unless they are very small, they reach its limit of bytes first.
    package static let ringBatches = 1024
    /// Connections that the service serves at once, if the system allows that number: a shell or a tool has one.
    package static let connections = 4096
    /// Capacity of the service's pipe, in bytes: some five thousand events, so that a loop can run ahead of its reader.
    package static let pipeBytes = 1024 * 1024
    /// Names whose hashes are cached; past it the cache is cleared.
    package static let rememberedNames = 16 * 1024
    /// Combinations of properties by which events are counted (see `Combination`). Events of further combinations are counted
    /// together. A busy month of 30 workspaces and 45 commands has some 20,000.
    package static let combinations: UInt32 = 200_000
    /// Combinations whose numbers are cached; past it the cache is cleared.
    package static let rememberedCombinations = 64 * 1024
    /// Longest text whose validation result is cached, in bytes. It is most often a command with the arguments that validation
    /// removes.
    package static let longestRememberedText = 256
    /// Bytes of cached texts; past it the cache is cleared.
    package static let rememberedTextBytes = 1024 * 1024
    /// Sessions that the writer caches; past it the cache is cleared.
    package static let rememberedSessions = 16 * 1024

    /// Time without output after which a checked shell counts as waiting for a line: start files print in bursts.
    package static let hookQuietTime: Duration = .milliseconds(200)

    /// Files that a command needs at once, in addition to its input and output. These are the database with its WAL and index
    /// twice, locks, segments, a scratch folder, a socket, and those that libraries open.
    package static let commandFiles = 24
    /// The same for the service, which has loops for sockets, and a few clients.
    package static let serviceFiles = 48
    /// Threads that a command needs in addition to those of the concurrency runtime: writer, appender, encoder, sender.
    package static let commandThreads = 4
    /// Threads of the concurrency runtime that a command needs at most. It also works with fewer than one a processor.
    package static let commandProcessors = 8
    /// Memory that a command needs for its data, in bytes: caches of two connections, chunks, and a margin.
    package static let commandMemoryBytes = 128 * 1024 * 1024
    /// Files that the recorder of one event needs at once: folder, settings, key, segment, cost log.
    package static let recorderFiles = 8
    /// Memory that the recorder of one event needs for its data, in bytes.
    package static let recorderMemoryBytes = 8 * 1024 * 1024

    // MARK: On disk

    /// Longest settings file, in bytes: many hundred destinations. Reading one takes a recorder no noticeable time.
    package static let settingsBytes = 64 * 1024
    /// Longest wait of a recorder for a segment that another process appends to; then it begins another segment. The other
    /// process may have been stopped during its append, which usually takes some microseconds.
    package static let longestWaitForSegment: Duration = .milliseconds(50)
    /// Longest wait for an append by a process that has no alternative: it reads a segment, removes it or begins the next. An
    /// fsync may take a part of it; a process stopped with Ctrl-Z never ends its append.
    package static let longestWaitForAppend: Duration = .seconds(2)
    /// Growth of a segment, in bytes, after which a recorder checks whether earlier segments wait.
    package static let backlogLookBytes = 64 * 1024
    /// Length past which a segment accepts no further record, in bytes: a drained segment is soon removed.
    package static let segmentBytes = 8 * 1024 * 1024
    /// Longest payload of a record, in bytes; a longer one in a segment is corruption.
    package static let recordBytes = 1024
    /// Segments that may wait to be drained: 2 GiB. Past it recording fails with an error that asks to try again.
    package static let waitingSegments = 256
    /// Ids of stored and removed segments that are remembered. A backup of the buffer older than the database may restore such a
    /// segment; it is not stored twice. The ids take some 5 MB. Each drain that stores something removes about one segment. A
    /// drain a minute reaches the limit in ten weeks, about the greatest age of a backup that is restored in part.
    package static let storedSegments = 100_000
    /// Events in the buffer past which a stream that drains itself pauses reading, some 30 MiB.
    package static let streamBacklogEvents = 200_000
    /// Events in the buffer past which the service throttles its clients, some 200 MiB: a drain stores them in about a second.
    package static let serviceBacklogEvents = 1_000_000
    /// Bytes of a segment that the writer reads at once: some 1,500 events, which with their rows stay in the processor's
    /// second-level cache.
    package static let drainChunkBytes = 256 * 1024
    /// Events in one transaction: its fixed cost is negligible then, and it takes a fraction of a second at most.
    package static let transactionEvents = 64 * 1024
    /// Bytes of records in one transaction: more than `transactionEvents` usual ones have, and their rows have to fit the WAL
    /// below.
    package static let transactionBytes = 12 * 1024 * 1024
    /// Different 15-minute buckets in one transaction. Each changes its own pages in the rollups, some 16 KiB, and those of its
    /// day, and all of them have to fit the WAL below. Events in order of time touch ten.
    package static let transactionSlots = 512
    /// Uncached sessions in one transaction, limited for the same reason. Their ids go into an index in no order of time, each
    /// into a page of its own.
    package static let transactionNewSessions = 1024
    /// Sessions in one transaction, new or not. Cached ones are close to each other, a hundred on a page.
    package static let transactionSessions = 8192
    /// Largest size of SQLite's WAL, in bytes. It is checkpointed at half of it. While a reader keeps it from being reset,
    /// storing stops once a transaction might no longer fit, and events wait in the buffer.
    package static let walBytes = 64 * 1024 * 1024
    /// Most that one transaction may add to the WAL, in bytes, by the bounds above.
    package static let transactionWALBytes = 24 * 1024 * 1024
    /// Corrupt segments that are kept for inspection; older ones are deleted.
    package static let damagedSegmentsKept = 4

    // MARK: Snapshots

    /// From this size on, in bytes, a database is exported without a copy: a smaller one is copied in a tenth of a second.
    package static let directSnapshotBytes = 64 * 1024 * 1024
    /// Longest wait for the writer lock before the database is copied instead, which takes about as long.
    package static let directSnapshotPatience: Duration = .seconds(1)

    /// Longest manifest of a snapshot, in bytes: some thirty times a usual one.
    package static let manifestBytes = 16 * 1024
    /// Largest ratio of a snapshot's unpacked size to its own. Events shrink some three to twenty times; a file that would grow
    /// more is made to fill a disk.
    package static let snapshotRatio = 64
    /// Unpacked size of a snapshot, in bytes, that is accepted at any ratio: a small database is mostly empty pages.
    package static let snapshotBytesAnyRatio = 64 * 1024 * 1024
    /// Longest value in a snapshot's database, in bytes: it is read at once, whatever length it declares.
    package static let snapshotValueBytes = 64 * 1024
    /// Rows of a snapshot that are read and inserted at once, some 256 KiB: they stay in the processor's second-level cache.
    package static let snapshotRows = 2048

    // MARK: Imported histories

    /// Longest entry of a shell's history, in bytes: the length of a line of input. A longer one is skipped without being
    /// buffered.
    package static let historyEntryBytes = 64 * 1024
    /// Entries of a history that one transaction imports: a fraction of a second, and some 600 KiB in memory.
    package static let historyRows = 4096
    /// Runs of recorded shells that entries of a history are compared with: some 16 MiB. Entries after the last of these runs
    /// count as recorded.
    package static let runsComparedWithHistory = 128 * 1024
    /// Rows that are searched for them, from the first recorded shell on: a second or two.
    package static let rowsComparedWithHistory: Int64 = 4_000_000
    /// Longest entry whose name an import caches, in bytes. Lines that users type repeatedly are shorter.
    package static let rememberedLineBytes = 512
    /// Longest file of a shell with one document for each session, in bytes: it is read at once. A longer one is skipped. Only
    /// outputs of commands, which some users store, make a file that long.
    package static let historyDocumentBytes = 64 * 1024 * 1024
    /// Rows of another program's database that are read at once: at most 4 MiB.
    package static let historyPage = 64
    /// Entries of the same second up to which their times are trusted. No user types more in a second: zsh and other importers
    /// give all entries without a time the time of the import.
    package static let historyEntriesOfASecond = 100
    /// Different entries that are compared to detect that a shell keeps each line once: some 1 MiB.
    package static let historyLinesCompared = 32 * 1024
    /// Least number of entries for that: a history of at least this many without a repeated line counts as one that keeps each
    /// line once.
    package static let historyLinesToJudge = 100
    /// Entries of several histories that a list compares with each other: some 64 MiB. Past it a list may count a run twice; an
    /// import does not.
    package static let historyMarksListed = 2_000_000

    // MARK: Sent elsewhere

    /// Rows in one batch to ClickHouse: its costs per batch, and the parts that it has to merge, are negligible then …
    package static let syncBatchRows = 50_000
    /// … or the number that has this many bytes, as three batches are in memory at a time …
    package static let syncBatchBytes = 4 * 1024 * 1024
    /// … but at least this many, if that many wait: smaller batches make ClickHouse merge more than it stores.
    package static let syncBatchMinimumRows = 10_000
    /// Days of aggregates in one batch. After a kill at most that many are sent again, and their lines in the ledger cost one
    /// fsync.
    package static let syncBatchDays = 100
    /// Longest list of names that may leave with aggregates, in bytes: some ten thousand names.
    package static let allowedNamesBytes = 256 * 1024
    /// Longest file of the destinations of aggregates, in bytes: a dozen of the longest lists.
    package static let aggregateSettingsBytes = 4 * 1024 * 1024
    /// Rows in one file to a folder or a server: some ten megabytes, which also get through an unreliable connection.
    package static let syncFileRows: Int64 = 500_000
    /// Attempts at one transfer before an error asks the user to try again later: eight seconds of waiting at most.
    package static let syncAttempts = 6
    /// Longest wait before the second attempt; it doubles with each one after it …
    package static let syncFirstDelay: Duration = .milliseconds(250)
    /// … up to this.
    package static let syncLongestDelay: Duration = .seconds(30)
    /// Longest wait that a server may request; past it the user decides.
    package static let syncLongestRequestedDelay: Duration = .seconds(60)
    /// Longest time to establish a connection, in seconds.
    package static let syncConnectSeconds: Int64 = 10
    /// Attempts to establish a connection within that time, TLS handshake included. A second attempt bridges a brief overload of
    /// the network, and a user learns of a wrong host or port within half a minute.
    package static let syncConnectAttempts = 2
    /// Idle time of a connection, in seconds: ClickHouse takes some seconds over a large batch on a busy disk.
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

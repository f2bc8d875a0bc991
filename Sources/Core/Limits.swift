/// Every bound of Nexus, each with its reason. Nothing in Nexus grows with what it is fed.
package enum Limits {
    // MARK: What an event may hold

    /// Longest line of input, in bytes, without its line feed: some hundred times a usual event, and small enough
    /// that a stream of nothing but longest lines needs no more memory than any other.
    package static let lineBytes = 64 * 1024
    /// Deepest nesting of a value under a key that Nexus does not know: it is only skipped, but skipping recurses.
    package static let nestingDepth = 32
    /// Longest raw workspace or task name, in bytes: no file system allows a longer path component than 255, and a
    /// whole path is at most 4096.
    package static let nameBytes = 4096
    /// Longest event type, error category and template, in bytes: identifiers, not prose.
    package static let identifierBytes = 64
    /// Longest session id, in bytes: a UUID takes 36.
    package static let sessionBytes = 64
    /// Words of a command that are kept: a program, its subcommand, and two more. What follows is arguments.
    package static let commandWords = 4
    /// Longest word of a command, in bytes; longer ones are data, not names.
    package static let commandWordBytes = 32
    /// Longest command as it is stored: the words and the spaces between them.
    package static let commandBytes = commandWords * commandWordBytes + commandWords - 1
    /// Commands of a shell line that are distinguished; a line with more is a `command_line` whatever follows.
    package static let shellLineCommands = 64
    /// Words of a command that are kept while it is named: wrappers with their options, the program and its subcommands.
    package static let shellCommandWords = 24
    /// Longest text of a word that is kept while a command is named, in bytes: a path to a program.
    package static let shellWordBytes = 512
    /// Here-documents of a shell line whose ends are looked for.
    package static let shellHereDocuments = 16
    /// Checks whether `((` begins arithmetic in a shell line. Each may read to the end of the line, so that their number bounds
    /// the time.
    package static let shellArithmeticChecks = 16
    /// A failed `cd` is over within this time, in milliseconds; what took longer was the command after it.
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
    /// Latest time of an event: the end of the year 9999, the last that the text form can hold. Microseconds given in
    /// place of milliseconds fall behind it.
    package static let latestTimestamp: Int64 = 253_402_300_799_999
    /// How far ahead of the clock the time of a recorded event may be, in milliseconds: a day, so that a local time given as UTC
    /// is accepted in every time zone. A later one would keep a session open and shift every report until that day comes.
    /// Imported rows are not compared to the clock.
    package static let aheadMilliseconds: Int64 = 24 * 3600 * 1000
    /// Idle time after which a session counts as over, in milliseconds: half an hour, as web analytics has it.
    package static let sessionIdleMilliseconds: Int64 = 30 * 60 * 1000

    // MARK: In memory

    /// How much input is read at once, in bytes: large enough that the calls do not count, small enough for the
    /// processor's second-level cache.
    package static let inputChunkBytes = 512 * 1024
    /// Room of the ring between intake and buffer, in bytes.
    package static let ringBytes = 1024 * 1024
    /// The ring is flushed when it holds this many records …
    package static let flushRecords = 4096
    /// … or this many bytes …
    package static let flushBytes = 256 * 1024
    /// … or when its oldest record has waited this long: below what a person notices.
    package static let flushInterval: Duration = .milliseconds(20)
    /// What was accepted is put on disk as often as this, in the background: with the time that a disk takes, and a service
    /// takes to notice what others append, a power cut costs at most 50 milliseconds' worth.
    package static let synchronizationInterval: Duration = .milliseconds(20)
    /// When something has waited so long for the disk, a stream and the clients of the socket are held up until it answers …
    package static let longestWaitForDisk: Duration = .milliseconds(30)
    /// … though not for longer than this at a time: a disk that hangs must not stop whoever records.
    package static let longestHoldUp: Duration = .milliseconds(100)
    /// How often it is looked whether it has.
    package static let lookInterval: Duration = .milliseconds(2)
    /// Batches that the ring holds: enough that bytes fill it first, but for the smallest.
    package static let ringBatches = 1024
    /// Connections that the service serves at once, where the system allows as many: a shell or a tool has one.
    package static let connections = 4096
    /// Room of the service's pipe, in bytes: some five thousand events, so that a loop can run ahead of its reader.
    package static let pipeBytes = 1024 * 1024
    /// Names whose hashes are remembered; past it the memory starts afresh.
    package static let rememberedNames = 16 * 1024
    /// Combinations of properties by which events are counted (see `Combination`); events of combinations beyond are counted
    /// together. A busy month of 30 workspaces and 45 commands has some 20,000.
    package static let combinations: UInt32 = 200_000
    /// Combinations whose numbers are remembered; past it the memory starts afresh.
    package static let rememberedCombinations = 64 * 1024
    /// Longest text that is remembered with what was decided about it, in bytes: a command with the arguments that are
    /// cut from it, most often.
    package static let longestRememberedText = 256
    /// Bytes of remembered texts; past it the memory starts afresh.
    package static let rememberedTextBytes = 1024 * 1024
    /// Sessions that the writer remembers; past it the memory starts afresh.
    package static let rememberedSessions = 16 * 1024

    /// How long a shell that is checked prints nothing before it counts as waiting for a line: start files print in bursts.
    package static let hookQuietTime: Duration = .milliseconds(200)

    /// Files that a command needs at once, beside its input and output: the database with its WAL and index twice, locks,
    /// segments, a scratch folder, a socket, and what the libraries open.
    package static let commandFiles = 24
    /// The same for the service, which has loops for sockets, and a few clients.
    package static let serviceFiles = 48
    /// Threads that a command needs beside those of the concurrency runtime: writer, appender, encoder, sender.
    package static let commandThreads = 4
    /// Threads of the concurrency runtime that a command needs at most: it works with fewer than one a processor.
    package static let commandProcessors = 8
    /// Memory that a command needs for its data, in bytes: caches of two connections, chunks, and a margin.
    package static let commandMemoryBytes = 128 * 1024 * 1024
    /// Files that the recorder of one event needs at once: folder, settings, key, segment, cost log.
    package static let recorderFiles = 8
    /// Memory that the recorder of one event needs for its data, in bytes.
    package static let recorderMemoryBytes = 8 * 1024 * 1024

    // MARK: On disk

    /// Longest settings file, in bytes: many hundred destinations, and nothing that a recorder notices reading.
    package static let settingsBytes = 64 * 1024
    /// Longest that a recorder waits for a segment that somebody else appends to, who may have been stopped in the middle of
    /// it; then it begins another. An append takes some microseconds.
    package static let longestWaitForSegment: Duration = .milliseconds(50)
    /// Longest that anybody waits for an append who cannot go elsewhere: whoever reads a segment, removes it or begins the next.
    /// A disk may take a part of it; who was stopped with Ctrl-Z takes for ever.
    package static let longestWaitForAppend: Duration = .seconds(2)
    /// Once a segment has taken so many bytes more, a recorder looks whether others wait before it.
    package static let backlogLookBytes = 64 * 1024
    /// Length past which a segment takes no further record, in bytes: a drained one is soon removed.
    package static let segmentBytes = 8 * 1024 * 1024
    /// Longest payload of a record, in bytes; anything longer in a segment is damage.
    package static let recordBytes = 1024
    /// Segments that may wait to be drained: 2 GiB. Past it recorders are told to try again.
    package static let waitingSegments = 256
    /// Segments that are remembered after they were stored and removed, so that a copy of one that comes back, in a backup of
    /// the buffer older than the database, is not stored again. They take some 5 MB. Each drain that stores something removes
    /// about one: a drain a minute fills it in ten weeks, which is as old as a backup that is restored in part gets.
    package static let storedSegments = 100_000
    /// Events that a stream lets wait in the buffer while it drains itself, some 30 MiB; past it reading pauses.
    package static let streamBacklogEvents = 200_000
    /// Events that the service lets wait in the buffer before it slows its clients down, some 200 MiB: a drain takes
    /// them in about a second.
    package static let serviceBacklogEvents = 1_000_000
    /// How much of a segment the writer reads at once, in bytes: some 1,500 events, which with their rows stay in the
    /// processor's second-level cache.
    package static let drainChunkBytes = 256 * 1024
    /// Events in one transaction: enough that its fixed cost does not count, and a fraction of a second at most.
    package static let transactionEvents = 64 * 1024
    /// Bytes of their records in one transaction: more than so many usual ones have, and their rows have to fit the log below.
    package static let transactionBytes = 12 * 1024 * 1024
    /// Different quarters of an hour in one transaction: each one changes pages of its own in the rollups, some 16 KiB and
    /// its day's, and all of them have to fit the log below. Events that come in order touch ten.
    package static let transactionSlots = 512
    /// Sessions in one transaction that are not remembered from the ones before, for the same reason: their ids go into an
    /// index in no order of time, each into a page of its own.
    package static let transactionNewSessions = 1024
    /// Sessions in one transaction, new or not. Those that are remembered stand near each other, a hundred on a page.
    package static let transactionSessions = 8192
    /// Longest that SQLite's write-ahead log grows, in bytes. It is checkpointed at half of it. While a program that reads
    /// keeps it from being emptied, nothing more is stored once a transaction might not fit any more: events wait in the
    /// buffer then.
    package static let databaseLogBytes = 64 * 1024 * 1024
    /// What one transaction may add to the log, in bytes, by the bounds above.
    package static let transactionLogBytes = 24 * 1024 * 1024
    /// Damaged segments that are kept aside for a look; older ones go.
    package static let damagedSegmentsKept = 4

    // MARK: Snapshots

    /// From this size on, in bytes, a database is exported without a copy: a smaller one is copied in a tenth of a second.
    package static let directSnapshotBytes = 64 * 1024 * 1024
    /// Longest wait for the writer lock before the database is copied after all: that takes about as long.
    package static let directSnapshotPatience: Duration = .seconds(1)

    /// Longest manifest of a snapshot, in bytes: some thirty times a usual one.
    package static let manifestBytes = 16 * 1024
    /// How many times its size a snapshot may take when it is unpacked: events shrink some three to twenty times, and a
    /// file that would grow more is made to fill a disk.
    package static let snapshotRatio = 64
    /// Up to this many bytes a snapshot may take whatever its size: a small database is mostly empty pages.
    package static let snapshotBytesAnyRatio = 64 * 1024 * 1024
    /// Longest value in a snapshot's database, in bytes: it is read in one piece, whatever it claims to be.
    package static let snapshotValueBytes = 64 * 1024
    /// Rows of a snapshot that are read and inserted at once, some 256 KiB: they stay in the processor's second-level cache.
    package static let snapshotRows = 2048

    // MARK: Imported histories

    /// Longest entry of a shell's history, in bytes: as long as a line of input. A longer one is skipped, never held.
    package static let historyEntryBytes = 64 * 1024
    /// Entries of a history that one transaction imports: a fraction of a second, and some 600 KiB in memory.
    package static let historyRows = 4096
    /// Runs of recorded shells that entries of a history are compared with: some 16 MiB. Entries from after them count as recorded.
    package static let runsComparedWithHistory = 128 * 1024
    /// Rows that are searched for them, from the first recorded shell on: a second or two.
    package static let rowsComparedWithHistory: Int64 = 4_000_000
    /// Longest entry of which an import remembers the name, in bytes. Lines that are typed again are shorter.
    package static let rememberedLineBytes = 512
    /// Longest file of a shell that keeps each session in a document of its own, in bytes: it is read at once. A longer one is
    /// skipped. Only outputs of commands, which some users have stored, make one so long.
    package static let historyDocumentBytes = 64 * 1024 * 1024
    /// Rows of another program's database that are read at once: at most 4 MiB.
    package static let historyPage = 64
    /// Entries with the same second of which the times are believed. No user types more in a second: zsh and other importers
    /// give all entries without a time that of the moment at which they read them.
    package static let historyEntriesOfASecond = 100
    /// Different entries that are compared to find out whether a shell keeps each line once: some 1 MiB.
    package static let historyLinesCompared = 32 * 1024
    /// Entries from which on a history in which no line is there twice counts as one that keeps each line once.
    package static let historyLinesToJudge = 100
    /// Entries of several histories that a list compares with each other: some 64 MiB. Past it a list may count a run twice; an
    /// import does not.
    package static let historyMarksListed = 2_000_000

    // MARK: Sent elsewhere

    /// Rows in one batch to ClickHouse: its costs per batch, and the parts it has to merge, no longer count …
    package static let syncBatchRows = 50_000
    /// … or as many as have this many bytes, as three batches are in memory at a time …
    package static let syncBatchBytes = 4 * 1024 * 1024
    /// … but this many where there are as many: smaller batches make ClickHouse merge more than it stores.
    package static let syncBatchMinimumRows = 10_000
    /// Days of aggregates in one batch: a kill sends as many again, and their lines in the ledger cost one wait for the disk.
    package static let syncBatchDays = 100
    /// Rows in one file to a folder or a server: some ten megabytes, which a bad line can still get through.
    package static let syncFileRows: Int64 = 500_000
    /// Attempts at one transfer before the person is told to try again later: eight seconds of waiting at most.
    package static let syncAttempts = 6
    /// Longest wait before the second attempt; it doubles with each one after it …
    package static let syncFirstDelay: Duration = .milliseconds(250)
    /// … up to this.
    package static let syncLongestDelay: Duration = .seconds(30)
    /// Longest wait that a server may ask for; past it the person decides.
    package static let syncLongestRequestedDelay: Duration = .seconds(60)
    /// How long a connection may take to come about.
    package static let syncConnectSeconds: Int64 = 10
    /// Attempts at a connection that does not come about in that time, TLS handshake included: a second one passes over a
    /// moment of a busy network, and a user learns of a wrong host or port within half a minute.
    package static let syncConnectAttempts = 2
    /// How long a connection may stand still: ClickHouse takes some seconds over a large batch on a busy disk.
    package static let syncIdleSeconds: Int64 = 60
    /// How long a request without data may take: ClickHouse takes a minute over a table on a busy cluster.
    package static let syncRequestTime: Duration = .seconds(300)
    /// The slowest transfer that is waited for, in bytes a second: that of a mobile network at its edge. The largest file, some
    /// ten megabytes, has a quarter of an hour.
    package static let syncLeastBytesPerSecond = 16 * 1024
    /// Longest file of trusted certificates, in bytes: some ten times a whole system's.
    package static let certificateFileBytes = 4 * 1024 * 1024
    /// How much of a server's answer is read, in bytes: its first sentence says what is wrong.
    package static let syncAnswerBytes = 4096
    /// Longest URL of a destination, in bytes: it has to fit in a line of the ledger.
    package static let destinationBytes = 1024
    /// Longest user name and password, in bytes.
    package static let credentialBytes = 256
    /// Longest line of the egress ledger, in bytes.
    package static let ledgerLineBytes = 4096

    /// Names of a folder that are hashed to explain the hashes of workspaces: more projects than a user has next to each other,
    /// hashed in some 20 ms.
    package static let listedNames = 10_000
}

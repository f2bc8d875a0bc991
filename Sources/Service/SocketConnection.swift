import Core
import Logging
import NIOCore
import Recording
import SystemSupport
import WriteAheadBuffer

/// One client of the socket, from its first byte to its last answer.
///
/// Input is parsed and appended before it is acknowledged. The connection reads nothing while its client leaves answers
/// unread, or while a batch of this connection waits for fsync. It also pauses briefly if too many events wait for the
/// drain, or if fsync stalls.
final class SocketConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let group: ConnectionGroup
    private var context: ChannelHandlerContext?
    private var source = NDJSONReader()
    private var accepted = 0
    private var rejected = 0
    /// The number of events that were discarded because recording is off.
    private var discarded = 0

    /// Whether the peer is known to be this user.
    private var isOwn = false
    /// Whether a batch waits for fsync.
    private var isStoring = false
    private var isResting = false
    /// Whether the client has closed its side.
    private var isInputOver = false
    private var isStopping = false
    /// Whether the connection is closed, or closes after its last answer is written. No more input is accepted.
    private var isEnding = false
    /// Whether a read that NIO has requested is deferred.
    private var wantsToRead = false

    init(in group: ConnectionGroup) {
        self.group = group
    }

    // MARK: Connecting and disconnecting

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        group.leave(self)
        self.context = nil
        isEnding = true
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The client may disconnect at any time; acknowledged events are kept.
        group.logger.debug("connection ended: \(String(describing: error).escapedForDisplay)")
        context.close(promise: nil)
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard group.enter(self) else {
            answer([["error": .string("too many connections; try again")]])
            return end()
        }
        peer(of: context.channel).assumeIsolated().whenComplete { [self] result in
            // The folder's permissions keep out other users except root. This check keeps out root too.
            guard case .success(let peer) = result, peer.isThisUser else { return close() }
            isOwn = true
            takeWhatCame()
            readOn()
        }
    }

    private func peer(of channel: any Channel) -> EventLoopFuture<PeerCredentials> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let option = NIOBSDSocket.Option(rawValue: PeerCredentials.option)
        return provider.unsafeGetSocketOption(level: .socket, name: option)
    }

    /// Ends the connection after pending work; an incomplete line is dropped. The future completes when the connection
    /// is closed.
    func stop() -> EventLoopFuture<Void> {
        guard let channel = context?.channel else { return group.loop.makeSucceededVoidFuture() }
        isStopping = true
        if !isStoring { end() }
        group.loop.scheduleTask(in: ConnectionGroup.patience) { channel.close(promise: nil) }
        return channel.closeFuture
    }

    /// Closes the channel when all answers are written.
    private func end() {
        guard !isEnding, let context else { return }
        isEnding = true
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { [self] _ in close() }
    }

    /// Closes the channel after the loop's current event, because the loop assumes during a read that the channel stays
    /// open.
    private func close() {
        isEnding = true
        group.loop.assumeIsolated().execute { [self] in context?.close(promise: nil) }
    }

    // MARK: Reading

    func read(context: ChannelHandlerContext) {
        wantsToRead = true
        readOn()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        readOn()
        context.fireChannelWritabilityChanged()
    }

    private func readOn() {
        guard wantsToRead, isOwn, !isStoring, !isResting, !isEnding, let context, context.channel.isWritable else {
            return
        }
        wantsToRead = false
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnding, !isStopping else { return }
        source.append(unwrapInboundIn(data).readableBytesView)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        takeWhatCame()
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            isInputOver = true
            takeWhatCame()
        }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: Taking

    private func takeWhatCame() {
        guard isOwn, !isStoring, !isEnding, !isStopping else { return }
        do {
            try group.take(from: &source, atEnd: isInputOver) { chunk in
                guard !chunk.isEmpty else { return }
                if let batcher = group.durable { return store(chunk, on: batcher) }
                let isKept = try group.append(chunk.batch)
                acknowledge(events: chunk.batch.eventCount, isKept: isKept, rejected: chunk.rejected)
            }
        } catch {
            return fail(error)
        }
        if isInputOver, !isStoring { end() }
        restIfBehind()
    }

    /// Stores a batch with fsync on another thread, together with batches of other connections. Then acknowledges the
    /// batch.
    private func store(_ chunk: NDJSONReader.Chunk, on batcher: EventBatcher) {
        isStoring = true
        let batch = chunk.batch
        let rejected = chunk.rejected
        let stored = group.loop.makeFutureWithTask { try await batcher.record(batch) }
        stored.assumeIsolated().whenComplete { [self] result in
            isStoring = false
            let isKept: Bool
            do { isKept = try result.get() } catch { return fail(error) }
            if isKept { group.noteAppended(batch, isOnDisk: true) }
            acknowledge(events: batch.eventCount, isKept: isKept, rejected: rejected)
            if isStopping { return end() }
            takeWhatCame()
            readOn()
        }
    }

    /// Logs the error and closes. Neither the failed batch nor anything after it is acknowledged.
    private func fail(_ error: any Error) {
        group.logger.error("\(String(describing: error).escapedForDisplay)")
        close()
    }

    private func acknowledge(events: Int, isKept: Bool, rejected lines: [(line: Int, rejection: Rejection)]) {
        if isKept { accepted += events } else { discarded += events }
        rejected += lines.count
        let counts: JSONValue = [
            "accepted": .integer(accepted), "rejected": .integer(rejected),
            "discarded": discarded > 0 ? .integer(discarded) : .null,
        ]
        answer(
            lines.map { ["line": .integer($0.line), "error": .string($0.rejection.message)] } + [counts.withoutNulls])
    }

    private func answer(_ values: [JSONValue]) {
        guard let context else { return }
        let text = values.map { $0.text(.line) + "\n" }.joined()
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: text)), promise: nil)
    }

    private func restIfBehind() {
        guard !isResting, !isEnding, group.isBehind else { return }
        rest(until: .now() + ConnectionGroup.longestRest)
    }

    /// Pauses reading for `ConnectionGroup.rest`. While fsync stalls, the pause is repeated until `deadline`.
    private func rest(until deadline: NIODeadline) {
        isResting = true
        group.loop.assumeIsolated().scheduleTask(in: ConnectionGroup.rest) { [self] in
            if group.isDiskBehind, !isEnding, .now() < deadline { return rest(until: deadline) }
            isResting = false
            readOn()
        }
    }
}

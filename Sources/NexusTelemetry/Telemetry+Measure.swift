extension Telemetry {
    /// Runs `work` and records it as a command, with its duration and whether it threw.
    ///
    /// - Returns: the result of `work`.
    /// - Throws: the error of `work`.
    public func measure<Value, Failure: Error>(
        _ command: String, workspace: String? = nil, task: String? = nil, _ work: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let clock = ContinuousClock()
        let start = clock.now
        var event = TelemetryEvent.command(command, success: false, workspace: workspace, task: task)
        defer {
            event.duration = clock.now - start
            record(event)
        }
        let value = try work()
        event.success = true
        return value
    }

    /// Runs `work` and records it as a command, with its duration and whether it threw. If it threw
    /// `CancellationError`, the event has the error category `cancelled`.
    ///
    /// - Returns: the result of `work`.
    /// - Throws: the error of `work`.
    public func measure<Value, Failure: Error>(
        _ command: String, workspace: String? = nil, task: String? = nil, _ work: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let clock = ContinuousClock()
        let start = clock.now
        var event = TelemetryEvent.command(command, success: false, workspace: workspace, task: task)
        defer {
            event.duration = clock.now - start
            record(event)
        }
        do throws(Failure) {
            let value = try await work()
            event.success = true
            return value
        } catch {
            if error is CancellationError { event.errorCategory = "cancelled" }
            throw error
        }
    }
}

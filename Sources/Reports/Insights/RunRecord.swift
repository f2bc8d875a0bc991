/// One run of a command, as far as streaks and retries ask.
package struct RunRecord: Sendable {
    /// Milliseconds since 1970.
    package let timestamp: Int64
    package let session: String
    package let command: String
    package let success: Bool
    /// Zero when the event does not say.
    package let durationMS: Int64

    package init(timestamp: Int64, session: String, command: String, success: Bool, durationMS: Int64) {
        self.timestamp = timestamp
        self.session = session
        self.command = command
        self.success = success
        self.durationMS = durationMS
    }
}

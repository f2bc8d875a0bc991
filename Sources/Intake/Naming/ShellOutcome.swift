package import Core

/// The result of a line, as far as the caller knows it.
package struct ShellResult: Equatable, Sendable {
    /// The status of the line (`$?`).
    package var status: Int?
    /// The statuses of the line's last pipeline (`PIPESTATUS` of bash, `pipestatus` of zsh and fish).
    package var pipeStatus: [Int] = []
    /// The success that the caller reports if it knows no status.
    package var success: Bool?
    package var durationMS: Int64?
    /// Whether the shell is in another folder than before the line.
    package var folderChanged: Bool?

    package init(
        status: Int? = nil, pipeStatus: [Int] = [], success: Bool? = nil, durationMS: Int64? = nil,
        folderChanged: Bool? = nil
    ) {
        self.status = status
        self.pipeStatus = pipeStatus
        self.success = success
        self.durationMS = durationMS
        self.folderChanged = folderChanged
    }
}

/// The event that follows from a line and its result.
package struct ShellEvent: Equatable, Sendable {
    package var type: EventType
    /// The command's name; empty when the event has no name.
    package var command: String
    package var success: Bool?
    /// The category of a failure or of an interruption; nil when the status gives no category. A failed event then
    /// keeps the category that the caller gave.
    package var errorCategory: String?
    /// Whether the duration measures the command: it had no interaction and did not run in the background.
    package var keepsDuration = true

    package init(type: EventType, command: String) {
        self.type = type
        self.command = command
    }
}

extension ShellLine {
    /// Returns the event of the line. Nil if the line runs no command, or if its command was stopped and has not ended.
    package func event(_ result: ShellResult = ShellResult()) -> ShellEvent? {
        guard kind != .nothing else { return nil }
        if let status = result.status ?? result.pipeStatus.last, Self.stopped.contains(status) { return nil }
        var event = ShellEvent(type: kind == .command ? .command : .commandLine, command: command.name)
        event.keepsDuration = !hasInteraction && !isInBackground
        // A line in the background does not change the shell's pipeline statuses, so they belong to an earlier line.
        let hasOwnPipeStatus = !isInBackground || result.status == nil
        if hasOwnPipeStatus && result.pipeStatus.contains(127) || result.status == 127 { event.command = "" }
        guard !isInBackground else { return event }
        if kind == .commandLine {
            judgeLine(result, &event)
        } else if let change = failedFolderChange(result) {
            event = ShellEvent(type: change.isKnown ? .command : .commandLine, command: change.name)
            (event.success, event.errorCategory) = (false, Self.category(1))
        } else {
            judgeCommand(result, &event)
        }
        return event
    }

    /// The statuses of a command that SIGSTOP, SIGTSTP, SIGTTIN or SIGTTOU stopped. The command can continue.
    private static let stopped = 147...150

    /// Returns the category of a status that is a failure.
    package static func category(_ status: Int) -> String {
        switch status {
        case 127: "not_found"
        case 126: "not_executable"
        case 130: "interrupted"
        case 129...192: "signal_\(status - 128)"
        default: "exit_\(status)"
        }
    }

    private func judgeLine(_ result: ShellResult, _ event: inout ShellEvent) {
        guard let status = result.status ?? result.pipeStatus.last else {
            event.success = hasInteraction ? nil : result.success
            return
        }
        if status == 130 {
            event.errorCategory = Self.category(status)
        } else if status == 1, command.oneIsAnswer {
            // The status is either an answer of the first command or a failure of a later command, so the outcome is
            // unknown.
            event.success = nil
        } else if status != 0 {
            (event.success, event.errorCategory) = (false, Self.category(status))
        } else {
            event.success = true
        }
    }

    private func judgeCommand(_ result: ShellResult, _ event: inout ShellEvent) {
        if result.status == 130 {
            event.errorCategory = Self.category(130)
            if command.isInteractive { event.errorCategory = nil }
            return
        }
        guard let status = ownStatus(result) else {
            let isKnown =
                hasOwnStatus && pipelineIndex == pipelineCount - 1 && result.status == nil && result.pipeStatus.isEmpty
            event.success = isKnown && !command.isInteractive ? result.success : nil
            return
        }
        switch status {
        case 126, 127: (event.success, event.errorCategory) = (false, Self.category(status))
        case _ where command.isInteractive: break
        case 130: event.errorCategory = Self.category(status)
        case 0: event.success = true
        case 1 where command.oneIsAnswer: event.success = true
        // Status 141 (SIGPIPE) means that the next element of the pipeline stopped reading.
        case 141 where pipelineIndex < pipelineCount - 1: break
        case 124 where command.hasTimeout: (event.success, event.errorCategory) = (false, "timeout")
        default: (event.success, event.errorCategory) = (false, Self.category(status))
        }
    }

    /// Returns the command's own status; nil if the result does not contain it.
    private func ownStatus(_ result: ShellResult) -> Int? {
        guard hasOwnStatus else { return nil }
        if pipelineCount > 1 {
            if result.pipeStatus.count == pipelineCount { return result.pipeStatus[pipelineIndex] }
            return pipelineIndex == pipelineCount - 1 && result.pipeStatus.isEmpty ? result.status : nil
        }
        guard isNegated else { return result.status ?? result.pipeStatus.last }
        if result.pipeStatus.count == 1 { return result.pipeStatus[0] }
        // `!` turns every failure into 0, so the original status is unknown.
        return result.status == 1 ? 0 : nil
    }

    /// Returns the name of the program that failed to change the folder, so that the command did not run. An example is
    /// `cd repo && make` without a folder `repo`. `isKnown` is false if the status may also come from the command
    /// itself. Nil if no change of the folder failed.
    private func failedFolderChange(_ result: ShellResult) -> (name: String, isKnown: Bool)? {
        guard let folderChange else { return nil }
        if pipelineCount > 1 {
            // A single status 1 means that the change failed and the pipeline did not run.
            return !folderChangeIsHidden && result.pipeStatus == [1] ? (folderChange, true) : nil
        }
        guard (result.status ?? result.pipeStatus.last) == 1, result.folderChanged != true || folderChangeIsHidden
        else {
            return nil
        }
        // A change of the folder takes no time.
        if let duration = result.durationMS, duration >= Limits.folderChangeMilliseconds { return nil }
        return (folderChange, result.folderChanged == false && !folderChangeIsHidden)
    }
}

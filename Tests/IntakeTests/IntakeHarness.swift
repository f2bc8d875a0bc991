import Core
import Intake
import SystemSupport
import TestSupport

/// What an accepted event says, as texts.
struct AcceptedEvent: Equatable {
    var timestamp: Int64
    var durationMS: Int64?
    var success: Bool?
    var servicesCount: UInt32?
    var portsUsed: UInt32?
    var workspaceHash: String
    var taskHash: String
    var session: String
    var type: String
    var command: String
    var errorCategory: String
    var template: String

    init?(payload: [UInt8]) {
        guard let record = EventRecord(payload.span) else { return nil }
        func text(_ range: Range<Int>) -> String { String(decoding: payload[range], as: UTF8.self) }
        timestamp = record.timestamp
        durationMS = record.durationMS
        success = record.success
        servicesCount = record.servicesCount
        portsUsed = record.portsUsed
        workspaceHash = text(record.workspaceHash)
        taskHash = text(record.taskHash)
        session = text(record.sessionID)
        type = text(record.eventType)
        command = text(record.command)
        errorCategory = text(record.errorCategory)
        template = text(record.templateUsed)
    }
}

/// An intake with a fixed key, session and clock.
struct IntakeHarness {
    static let key = HashKey(bytes: [UInt8](0..<32))
    static let session = "default-session"
    static let now: Int64 = 1_795_422_600_250

    var intake: EventIntake

    init(strict: Bool = false) {
        intake = EventIntake(key: Self.key, session: Self.session, strict: strict, clock: ManualWallClock(Self.now))
    }

    /// Takes a line and reads back what would be written of it.
    mutating func accept(_ line: String) throws -> AcceptedEvent? {
        try accept(bytes: Array(line.utf8))
    }

    mutating func accept(bytes: [UInt8]) throws -> AcceptedEvent? {
        try intake.accept(line: bytes.span)
        return AcceptedEvent(payload: intake.payload)
    }

    /// Why a line is not taken; nil when it is.
    mutating func rejection(of line: String) -> Rejection? { rejection(ofBytes: Array(line.utf8)) }

    mutating func rejection(ofBytes bytes: [UInt8]) -> Rejection? {
        do throws(Rejection) {
            try intake.accept(line: bytes.span)
            return nil
        } catch {
            return error
        }
    }
}

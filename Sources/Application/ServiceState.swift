package import Core
import SystemSupport

/// The state of the service of a data folder.
package enum ServiceState: Equatable, Sendable {
    case running(processID: Int32)
    /// A service served this folder before, and ended or was killed.
    case stopped
    case neverStarted

    package static func of(
        _ data: DataFolder, environment: (String) -> String? = Environment.value
    ) -> ServiceState {
        let runtime = RuntimeFolder(for: data, environment: environment)
        guard runtime.folder.has(RuntimeFolder.lockName) else { return .neverStarted }
        var bytes: [UInt8] = []
        guard let file = try? File(opening: runtime.processPath, [.read, .nonBlocking]),
            (try? file.read(appendingTo: &bytes, limit: 64)) != nil
        else { return .stopped }
        let numbers = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard numbers.count == 2, let processID = Int32(numbers[0]) else { return .stopped }
        // Another process may have the process id of a killed service now.
        let start = ProcessIdentity(processID: processID).startTime
        return start > 0 && String(start) == numbers[1] ? .running(processID: processID) : .stopped
    }
}

package import Core
import SystemSupport

/// Whether `nexus serve` serves a data folder.
package enum ServiceState: Equatable, Sendable {
    case running(processID: Int32)
    /// It was killed, or it ended: it served this folder before.
    case stopped
    case neverStarted

    package static func of(
        _ data: DataFolder, environment: (String) -> String? = Environment.value
    ) -> ServiceState {
        let runtime = RuntimeFolder(for: data, environment: environment)
        guard runtime.folder.has(RuntimeFolder.lockName) else { return .neverStarted }
        var bytes: [UInt8] = []
        guard let file = try? File(opening: runtime.processPath, [.read, .nonBlocking]),
            (try? file.read(appendingTo: &bytes, limit: 32)) != nil,
            let processID = Int32(String(decoding: bytes, as: UTF8.self).prefix { $0.isASCII && $0.isNumber }),
            ProcessIdentity(processID: processID).startTime > 0
        else { return .stopped }
        return .running(processID: processID)
    }
}

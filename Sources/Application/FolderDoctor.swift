package import Core
import Database
import Intake
import Maintenance
import SystemSupport

/// Checks a data folder: permissions, key, settings, buffer, database. It changes nothing.
package struct FolderDoctor: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// Runs every check, in an order in which each check relies only on earlier checks.
    /// - Parameters:
    ///   - isQuick: leaves out checks that read every row.
    ///   - progress: receives the completed share, 0 to 1.
    package func checks(isQuick: Bool, progress: @escaping (Double) -> Void) throws -> [CheckResult] {
        try FolderCheck.run(data) + [key, settings] + BufferCheck.run(data)
            + DatabaseCheck(data, isQuick: isQuick, progress: progress).run()
    }

    /// Returns the reason why the key is unusable. Nil if the key is usable, or if no events depend on it yet. If a key
    /// is missing but its mark exists (`KeyFile.wasMade`), the key is lost, and events are recorded without names. A
    /// key of an earlier version may have left no mark. If such a key is missing, the next recorder makes a new key,
    /// and names get other hashes.
    /// - Parameter hasEvents: whether events were accepted.
    package func keyProblem(hasEvents: Bool) -> String? {
        do throws(HashKeyError) {
            if try HashKey.existing(in: data) != nil { return nil }
            if KeyFile(data).wasMade { return HashKeyError.lost(path: data.keyPath).description }
            return hasEvents
                ? "the key is missing; the next event creates a new one, and names get other hashes" : nil
        } catch {
            return error.description
        }
    }

    private var key: CheckResult {
        let hasEvents = (try? StoreReader(data: data)?.eventCounters())?.accepted ?? 0 > 0
        guard let problem = keyProblem(hasEvents: hasEvents) else {
            let isThere = KeyFile(data).exists
            return .ok("key", isThere ? "32 bytes, readable by you alone" : "no key yet; the first event creates it")
        }
        return .error(
            "key", problem,
            suggestion:
                "restore the key from a backup, or run 'nexus telemetry rekey' for a new key and other hashes")
    }

    private var settings: CheckResult {
        do {
            _ = try SettingsFile(data).load()
            return .ok("settings", "readable")
        } catch {
            return .error(
                "settings", error.description, suggestion: "repair the file, or remove it to get the defaults")
        }
    }
}

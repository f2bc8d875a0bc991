import Core
import Intake
import SystemSupport

extension HashKey {
    /// Why the key of a data folder cannot be used as it was; nil when it can, or there are no events yet that it would matter to.
    /// Without a key events are recorded without names. Where an earlier version has left no note of the key, the next recorder
    /// makes another, and names get other hashes.
    static func problem(in data: DataFolder, hasEvents: Bool) -> String? {
        do throws(HashKeyError) {
            if try existing(in: data) != nil { return nil }
            if KeyFile(data).wasMade { return HashKeyError.lost(path: data.keyPath).description }
            return hasEvents
                ? "there is none any more; the next event makes a new one, and names get other hashes" : nil
        } catch {
            return error.description
        }
    }
}

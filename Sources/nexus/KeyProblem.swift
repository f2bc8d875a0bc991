import Core
import Intake
import SystemSupport

extension HashKey {
    /// Why the key of a data folder cannot be used as it was; nil when it can, or there are no events yet that it would matter to. A
    /// key that is gone is replaced by the next recorder, and names then get other hashes: the person should know.
    static func problem(in data: DataFolder, hasEvents: Bool) -> String? {
        do throws(HashKeyError) {
            let key = try existing(in: data)
            return key == nil && hasEvents
                ? "there is none any more; the next event makes a new one, and names get other hashes" : nil
        } catch {
            return error.description
        }
    }
}

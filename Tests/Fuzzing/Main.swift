import Foundation
import Snapshots

/// What libFuzzer calls with every input: it goes to the target that `$NEXUS_FUZZ_TARGET` names. The bytes are copied,
/// so that what reads past their end is caught.
@_cdecl("LLVMFuzzerTestOneInput")
public func examineInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    switch target {
    case "decoder": DecoderTarget.examine(bytes)
    case "segment": SegmentTarget.examine(bytes)
    case "settings": SettingsTarget.examine(bytes)
    case "shell-line": ShellLineTarget.examine(bytes)
    case "snapshot": SnapshotTarget.examine(bytes)
    default: fatalError("NEXUS_FUZZ_TARGET is decoder, segment, settings, shell-line or snapshot")
    }
    return 0
}

private let target = ProcessInfo.processInfo.environment["NEXUS_FUZZ_TARGET"]

/// The program starts in libFuzzer's own `main`, which works through inputs. Swift asks for one as well; it gets another
/// name (see Package.swift), and is not called.
@main
struct Fuzz {
    static func main() {}
}

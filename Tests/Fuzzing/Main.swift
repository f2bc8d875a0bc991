import Foundation

/// What libFuzzer calls with every input, of the target that `$NEXUS_FUZZ_TARGET` names. Built by `Scripts/fuzz` alone,
/// as its runtime is there in such builds only.
@main
struct Fuzz {
    static func main() {
        // The driver works in place on the process's own arguments and keeps them until it ends the process.
        var count = CommandLine.argc
        var arguments = unsafe CommandLine.unsafeArgv
        let code =
            switch ProcessInfo.processInfo.environment["NEXUS_FUZZ_TARGET"] {
            case "decoder": unsafe runDriver(&count, &arguments) { unsafe examine($0, $1, DecoderTarget.examine) }
            case "segment": unsafe runDriver(&count, &arguments) { unsafe examine($0, $1, SegmentTarget.examine) }
            default: fatalError("NEXUS_FUZZ_TARGET is decoder or segment")
            }
        exit(code)
    }
}

/// libFuzzer's own loop (`FuzzerDriver.cpp`).
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ examine: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Hands a copy of the input on: what reads past its end is then caught.
private func examine(_ start: UnsafePointer<UInt8>?, _ count: Int, _ body: ([UInt8]) -> Void) -> CInt {
    body(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

private import Glibc

/// An argument of a program, byte for byte as the system has it: it need not be UTF-8, as file names need not.
package struct RawArgument: Equatable, Sendable {
    /// Without the zero at the end.
    package let bytes: [UInt8]

    package init(_ text: String) { bytes = Array(text.utf8) }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Those of this process, its name left out.
    ///
    /// The Swift runtime finds none where a preloaded library has added an environment variable before `main`: it looks for
    /// them below the environment, which has moved then. The system still has them.
    package static var ofThisProcess: [RawArgument] {
        guard CommandLine.argc > 0 else { return fromSystem() }
        return (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            // The strings are there as long as the process, and nobody writes to them.
            guard let argument = unsafe CommandLine.unsafeArgv[index] else { return nil }
            return unsafe RawArgument(
                bytes: Array(UnsafeRawBufferPointer(start: argument, count: strlen(argument))))
        }
    }

    /// Those that the system shows for this process, in /proc/self/cmdline: each ends with a zero.
    package static func fromSystem() -> [RawArgument] {
        var bytes: [UInt8] = []
        guard let file = try? File(opening: "/proc/self/cmdline", .read) else { return [] }
        while let count = try? file.read(appendingTo: &bytes, limit: 4096), count > 0 {}
        return bytes.split(separator: 0, omittingEmptySubsequences: false).dropFirst().dropLast()
            .map { RawArgument(bytes: Array($0)) }
    }

    /// With what is not UTF-8 replaced.
    package var text: String { bytes.text }

    /// The text that it is; nil when it is not UTF-8.
    package var exactText: String? { String(validating: bytes, as: UTF8.self) }

    /// Hands out the arguments as the system takes them: as a list of strings that end with a zero, with nothing behind the last.
    static func withList<Result>(
        of arguments: [RawArgument], _ use: (inout [UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        // The copies live until the call returns.
        var list =
            unsafe arguments.map { argument in
                unsafe (argument.bytes + [0]).withUnsafeBytes { bytes in
                    unsafe bytes.baseAddress.flatMap { unsafe strdup($0.assumingMemoryBound(to: CChar.self)) }
                }
            } + [nil]
        defer { unsafe list.forEach { unsafe free($0) } }
        return unsafe use(&list)
    }
}

private import CPlatform
private import Glibc

/// A pipe with a name in the file system.
package enum NamedPipe {
    /// Makes a pipe and opens it for reading; nothing may have its name. It is opened for writing as well, so that it
    /// never ends when the last writer goes. `capacity` is the room asked for, in bytes.
    package static func create(_ path: String, capacity: Int) throws(SystemError) -> File {
        guard unsafe mkfifo(path, 0o600) == 0 else { throw SystemError("create", path) }
        let pipe = try File(opening: path, .readWrite)
        // A smaller pipe works too, where the system allows no larger one.
        _ = fcntl(pipe.descriptor, CInt(NEXUS_SET_PIPE_SIZE.rawValue), CInt(capacity))
        return pipe
    }

    /// Opens a pipe that somebody reads for writing without waiting.
    package static func openForWriting(_ path: String) throws(SystemError) -> File {
        try File(opening: path, [.write, .nonBlocking])
    }

    /// Writes to a pipe if somebody reads it, and never waits: false when nobody does or it is full.
    package static func offer(_ text: String, to path: String) -> Bool {
        guard let pipe = try? openForWriting(path) else { return false }
        return (try? pipe.write(text)) != nil
    }

    /// How many bytes stand in a pipe that nobody has read yet; 0 where there is no pipe.
    package static func waitingBytes(in path: String) -> Int {
        guard let pipe = try? File(opening: path, [.read, .nonBlocking]) else { return 0 }
        var count: CInt = 0
        // The call writes the one number that it is given.
        guard unsafe ioctl(pipe.descriptor, UInt(FIONREAD), &count) == 0 else { return 0 }
        return Int(count)
    }
}

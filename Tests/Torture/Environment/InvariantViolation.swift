/// The error for a promise that a program has broken.
struct InvariantViolation: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// The error for a mode that this computer cannot run. The description names what the computer lacks.
struct Missing: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

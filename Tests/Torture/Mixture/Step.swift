/// A step of the mode `mixture`. Its random choices depend on the seed of the `SystemState`.
struct Step: Sendable {
    /// The name of the step in the message of a failure.
    let name: String
    /// The step is chosen with a probability of its weight divided by the sum of all weights.
    let weight: Int
    /// Runs the step and updates the model.
    let run: @Sendable (SystemState) throws -> Void

    init(_ name: String, weight: Int = 1, run: @escaping @Sendable (SystemState) throws -> Void) {
        self.name = name
        self.weight = weight
        self.run = run
    }
}

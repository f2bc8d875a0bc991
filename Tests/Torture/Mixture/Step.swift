/// One thing that may happen to a data folder: an entry of the mixture. What it does follows from the systemState's seed.
struct Step: Sendable {
    /// As it is named in a failure.
    let name: String
    /// How often it is chosen, against the sum of all.
    let weight: Int
    /// Does it, and tells the model.
    let run: @Sendable (SystemState) throws -> Void

    init(_ name: String, weight: Int = 1, run: @escaping @Sendable (SystemState) throws -> Void) {
        self.name = name
        self.weight = weight
        self.run = run
    }
}

extension Int {
    /// The number with a noun in the number that goes with it: `1 event`, `2 events`.
    ///
    /// - Parameter plural: the noun for any other number than 1; by default with an `s`.
    package func counted(_ noun: String, plural: String? = nil) -> String {
        "\(self) \(self == 1 ? noun : plural ?? noun + "s")"
    }
}

extension Int {
    /// The sum, at most what a number holds: what is read from files that anybody can write must not be able to stop who adds it up.
    package func saturatingSum(_ other: Int) -> Int {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? (other < 0 ? .min : .max) : sum
    }
}

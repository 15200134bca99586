extension Desk {
    /// How long who stands at this place will wait, in milliseconds: so many must be served, the
    /// customer included, and that is how long one takes.
    func expectedWait(at position: Int, _ announcing: Announcing) -> Int64 {
        let (wait, isTooLong) = Int64(position).multipliedReportingOverflow(
            by: announcing.usualPace)
        return isTooLong ? Limits.longestWait : min(wait, Limits.longestWait)
    }
}

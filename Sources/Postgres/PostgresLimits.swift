/// The limits of this room, each with its reason.
public enum PostgresLimits {
    /// Bytes of the encoded values of one command, or of one transaction. PostgreSQL itself ends at
    /// 1 GiB for one message; a quarter of it keeps one mistake from filling the memory.
    public static let commandBytes = 256 * 1_024 * 1_024
    /// Bytes of encoded values that one connection may have under way before it refuses more: what
    /// a stalled server can make us hold.
    public static let outstandingBytes = 2 * commandBytes
    /// Values of one command: the protocol counts them in 16 bits (PostgreSQL manual, "Bind").
    public static let valuesPerCommand = 65_535
    /// Statements one connection keeps prepared. Each costs the server tens of kilobytes of plan;
    /// a program of ours has about a hundred texts. What comes later is sent unprepared.
    public static let preparedStatements = 512
    /// Scratch memory kept between two commands; what a large command needed beyond it is given back.
    public static let keptScratchBytes = 1_024 * 1_024
    /// Threads that may be busy at once with the two calls that can only block: resolving a host's
    /// name, and libpq's cancel request.
    public static let blockingCalls = 8
    /// Addresses tried for one host name.
    public static let addressesPerHost = 8
}

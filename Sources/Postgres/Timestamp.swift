/// PostgreSQL counts microseconds from 2000-01-01 00:00 UTC and keeps the two ends of the range for
/// infinity (PostgreSQL sources, `datatype/timestamp.h`); we count milliseconds from 1970.
enum Timestamp {
    /// 2000-01-01 in milliseconds since 1970.
    static let epoch: Int64 = 946_684_800_000

    /// What is out of the server's range stays out of it, so that the server refuses it (22008).
    static func microseconds(fromMilliseconds milliseconds: Int64) -> Int64 {
        if milliseconds == .max || milliseconds == .min { return milliseconds }
        let (shifted, underflow) = milliseconds.subtractingReportingOverflow(epoch)
        let (scaled, overflow) = shifted.multipliedReportingOverflow(by: 1_000)
        guard underflow || overflow else { return scaled }
        return milliseconds < 0 ? .min + 1 : .max - 1
    }

    /// Rounds down to the millisecond, before 2000 as well.
    static func milliseconds(fromMicroseconds microseconds: Int64) -> Int64 {
        if microseconds == .max || microseconds == .min { return microseconds }
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000)
        return (remainder < 0 ? quotient - 1 : quotient) + epoch
    }
}

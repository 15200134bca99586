import Desk
import Wire

/// Where messages that were read back belong.
///
/// A transcript is in the order of writing, by the platform's clock; messages of the same moment are
/// in the order in which they were recorded. Webhooks tell milliseconds, the Conversations API whole
/// seconds, but its list has the true order. So a message that is missing is given the moment of the
/// one before it in the list where that is within its own second, and the beginning of its second
/// otherwise. Recorded later than its predecessor, it stands right behind it; its successor, unless
/// written in the very same millisecond, behind them both.
///
/// Replies of ours stand at the moment when they were written here, by the desk's clock. Where that
/// differs so much from the platform's that the order of the list cannot be kept, a message stays
/// within its own second, as it would have come by a webhook.
enum ReadBackOrder {
    /// The missing messages of a list, oldest first, with their moments.
    ///
    /// - Parameters:
    ///   - newestFirst: the messages of one conversation as the API lists them.
    ///   - recorded: the moment of a message that is on record.
    ///   - since: what was written before is not missing, it is older than what is wanted.
    static func missing(
        in newestFirst: [MetaElement], since: Instant, recorded: (MetaElement) -> Instant?
    ) -> [MetaElement] {
        var missing: [MetaElement] = []
        var before: Instant?
        for var element in newestFirst.reversed() {
            if let moment = recorded(element) {
                before = moment
                continue
            }
            let second = element.timestamp
            element.timestamp = moment(within: second, after: before)
            before = element.timestamp
            if second.map({ $0 >= since }) ?? true { missing.append(element) }
        }
        return missing
    }

    private static func moment(within second: Instant?, after before: Instant?) -> Instant? {
        guard let second, let before else { return second ?? before }
        return max(second, min(before, second.adding(milliseconds: 999)))
    }
}

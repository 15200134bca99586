import Desk
import Wire

/// Where messages that were read back belong.
///
/// A transcript is in the order of writing, by the platform's clock; messages of the same moment are
/// in the order in which they were recorded. Webhooks tell milliseconds, the Conversations API whole
/// seconds, but its list has the true order. So a message that is missing is given the millisecond
/// after the one before it in the list where that lies within its own second, and the beginning of its
/// second otherwise; but never the moment of the next one on record, or a later one: where there is no
/// room before that, it shares the moment of the one before it, behind which it is recorded.
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
        // Of each message: its moment if it is on record, and that of the next one that is.
        var next: Instant?
        let list = newestFirst.map { element in
            let moment = recorded(element)
            defer { next = moment ?? next }
            return (element: element, moment: moment, next: next)
        }
        var missing: [MetaElement] = []
        var before: Instant?
        for (element, moment, next) in list.reversed() {
            if let moment {
                before = moment
                continue
            }
            var placed = element
            placed.timestamp = place(element.timestamp, between: before, and: next)
            before = placed.timestamp
            if element.timestamp.map({ $0 >= since }) ?? true { missing.append(placed) }
        }
        return missing
    }

    private static func place(
        _ second: Instant?, between before: Instant?, and next: Instant?
    ) -> Instant? {
        guard let second, let before else { return second ?? before }
        let last = second.adding(milliseconds: 999)
        var moment = min(before.adding(milliseconds: 1), last)
        if let next, moment >= next { moment = min(before, last) }
        return max(second, moment)
    }
}

import Desk

/// A customer with the key that seals what is theirs.
struct CustomerKey {
    let customer: CustomerID
    let key: ContentKey
}

/// The customers of the conversations that were lately written to, with their keys unwrapped.
///
/// Bounded in two halves: when the young half is full it becomes the old one, and what was old is
/// dropped; what is found in the old half moves to the young one. So what is used stays.
struct KeyRing {
    private var young: [ConversationID: CustomerKey] = [:]
    private var old: [ConversationID: CustomerKey] = [:]
    private let half: Int

    /// Holds at most `limit` conversations.
    init(limit: Int) { half = max(1, limit / 2) }

    /// The key of the customer whom this conversation is with, if it is held.
    mutating func key(of conversation: ConversationID) -> CustomerKey? {
        if let found = young[conversation] { return found }
        guard let found = old[conversation] else { return nil }
        insert(found, for: conversation)
        return found
    }

    mutating func insert(_ key: CustomerKey, for conversation: ConversationID) {
        if young.count >= half {
            old = young
            young = [:]
        }
        young[conversation] = key
    }

    mutating func forget() {
        young = [:]
        old = [:]
    }

    /// How many are held.
    var count: Int { young.count + old.count }
}

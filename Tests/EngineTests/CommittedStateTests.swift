import Desk
import Engine
import Testing

/// What is shown beside events is what was released last.
@Suite struct CommittedStateTests {
    private func released(_ changes: Changes) -> Release {
        Release(epoch: 1, entries: [], changes: changes)
    }

    private func open(_ number: Int64, _ owner: Owner) -> Conversation {
        Conversation(
            id: ConversationID(number), customer: CustomerID(number),
            thread: digest(UInt64(number)),
            queue: QueueID(1), owner: owner, handoffs: 1, waitingSince: Instant(milliseconds: 1),
            openedAt: Instant(milliseconds: 1), lastMessageAt: Instant(milliseconds: 1),
            customerWroteAt: Instant(milliseconds: 1), unread: 1)
    }

    @Test func itFollowsTheRowsOfEachRelease() {
        var committed = CommittedState()
        var changes = Changes()
        changes.conversations = [open(1, .queue(QueueID(1))), open(2, .agent(AgentID(7)))]
        committed.released(released(changes))
        #expect(committed.conversation(ConversationID(1)) == changes.conversations[0])

        var written = Changes()
        written.activities = [
            Activity(
                conversation: ConversationID(2), lastMessageAt: Instant(milliseconds: 9),
                customerWroteAt: Instant(milliseconds: 8), unread: 4),
            // Of one that is closed.
            Activity(
                conversation: ConversationID(3), lastMessageAt: Instant(milliseconds: 9),
                customerWroteAt: Instant(milliseconds: 8), unread: 0),
        ]
        committed.released(released(written))
        #expect(committed.conversation(ConversationID(2))?.unread == 4)
        #expect(committed.conversation(ConversationID(2))?.owner == .agent(AgentID(7)))
        #expect(committed.conversation(ConversationID(3)) == nil)

        var closed = Changes()
        closed.conversations = [open(2, .nobody)]
        committed.released(released(closed))
        #expect(committed.conversation(ConversationID(2)) == nil)
    }

    @Test func aReloadTakesThePlaceOfAllThatWasKnown() {
        var committed = CommittedState()
        var changes = Changes()
        changes.conversations = [open(1, .queue(QueueID(1)))]
        committed.released(released(changes))
        var state = DeskState()
        state.conversations = [open(2, .bot)]
        committed.resumed(Reloaded(epoch: 2, state: state, recent: []))
        #expect(committed.conversation(ConversationID(1)) == nil)
        #expect(committed.conversation(ConversationID(2)) == state.conversations[0])
    }
}

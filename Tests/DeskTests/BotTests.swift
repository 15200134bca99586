import Desk
import Testing

/// No bot can sign in yet. What an earlier program gave to one must not be left there.
@Suite("Nobody is left with the bot")
struct BotTests {
    private func row(_ number: Int64, _ owner: Owner) -> Conversation {
        Conversation(
            id: conversation(number), customer: CustomerID(number - 1),
            thread: Digest(high: 0, low: UInt64(number)), queue: queue, owner: owner, handoffs: 3,
            waitingSince: moment(100), openedAt: moment(100), lastMessageAt: moment(900),
            customerWroteAt: moment(900), unread: 2)
    }

    private func desk(_ change: (inout DeskState) -> Void = { _ in }) -> Desk {
        var state = DeskState()
        state.lastEvent = 50
        state.conversations = [row(2, .bot), row(4, .queue(queue)), row(6, .bot)]
        change(&state)
        return Desk(state: state, rules: Rules())
    }

    @Test("When a node becomes the owner it waits for people, from now on")
    func takenBack() {
        var desk = desk()
        let handled = desk.handle(.epochBegan, known: Known(), epoch: 8, at: moment(5_000))
        #expect(
            handled.events == [
                .epochBegan, .handed(2, 4, .bot, .queue(queue), .botAbsent),
                .handed(6, 4, .bot, .queue(queue), .botAbsent),
            ])
        #expect(desk.conversation(conversation(2))?.waitingSince == moment(5_000))
        #expect(desk.conversation(conversation(4))?.waitingSince == moment(100))
        #expect(desk.takeChanges().conversations.map(\.id.number) == [2, 6])
    }

    @Test("It overflows like everything that comes by itself")
    func overflows() {
        var desk = desk {
            $0.configuration.queues[0].overflow = Overflow(to: QueueID(2), atLength: 2)
            $0.configuration.queues.append(Queue(id: QueueID(2), name: "second"))
        }
        _ = desk.handle(.epochBegan, known: Known(), epoch: 8, at: moment(5_000))
        #expect(desk.conversation(conversation(2))?.owner == .queue(queue))
        #expect(desk.conversation(conversation(6))?.owner == .queue(QueueID(2)))
    }

    @Test("A supervisor may take it back before")
    func moved() {
        var desk = desk()
        let order = Input.conversationMoved(conversation(2), queue, by: sofia)
        let handled = desk.handle(order, known: Known(), epoch: 7, at: moment(5_000))
        #expect(handled.rejection == nil)
        #expect(desk.conversation(conversation(2))?.owner == .queue(queue))
    }
}

import Desk
import Testing

/// Drives a desk as the rooms above do, with an auditor looking on.
struct Scene {
    private(set) var desk: Desk
    private(set) var shelf = Shelf()
    private(set) var auditor: Auditor
    let rules: Rules
    var now = moment(1_000)

    init(rules: Rules = Rules(), auditing: Bool = true) {
        self.rules = rules
        desk = Desk(state: DeskState(), rules: rules)
        auditor = Auditor(isOn: auditing)
    }

    /// Ana is connected and available; four events have happened.
    static func open(rules: Rules = Rules()) -> Scene {
        var scene = Scene(rules: rules)
        scene.run([.connected(ana), .presenceSet(ana, .available)])
        return scene
    }

    /// Maria's conversation 6 is Ana's with one unread message; nine events have happened.
    static func talking(rules: Rules = Rules()) -> Scene {
        var scene = open(rules: rules)
        scene.run([.wrote(maria, 1)])
        return scene
    }

    /// Ana has replied in conversation 6: message and job 10 of text 1; eleven events have happened.
    static func replied(rules: Rules = Rules()) -> Scene {
        var scene = talking(rules: rules)
        scene.run([.replied(ana, 6)])
        return scene
    }

    /// One input in a batch of its own, a millisecond after the one before.
    @discardableResult
    mutating func handle(_ input: Input) -> Handled {
        let handled = batch([input])
        return handled[0]
    }

    /// Several inputs in one batch: all are told what was known before it. What came of each may be
    /// forged before the auditor sees it.
    @discardableResult
    mutating func batch(
        _ inputs: [Input], forging forge: (inout [EventRecord]) -> Void = { _ in }
    ) -> [Handled] {
        let known = shelf.known(for: inputs)
        let all = inputs.map { input in
            now = now.adding(milliseconds: 1)
            let former = desk
            let handled = desk.handle(
                input, known: known, epoch: 7, at: now, composer: wording)
            shelf.write(handled.records, of: input)
            var seen = handled.records
            forge(&seen)
            auditor.watch(
                input, Handled(decision: handled.decision, records: seen), former: former,
                desk: desk, at: now)
            return handled
        }
        shelf.write(desk.takeChanges())
        return all
    }

    /// Inputs that must all be accepted, each in a batch of its own.
    mutating func run(_ inputs: [Input]) {
        for input in inputs {
            let decision = handle(input).decision
            if case .rejected(let rejection) = decision {
                Issue.record("\(input) was refused: \(rejection)")
            }
        }
    }

    /// The stored row of this thread's conversation.
    func row(of thread: Digest) -> Conversation? {
        shelf.conversations.values.first { $0.thread == thread }
    }

    /// Lets time pass, then tells the desk.
    @discardableResult
    mutating func wait(_ milliseconds: Int64) -> [Event] {
        now = now.adding(milliseconds: milliseconds - 1)
        return handle(.clockReached).events
    }

    /// The desk goes on from rows that were misread, with the connections it had; the auditor is not
    /// told.
    mutating func misread(_ change: (inout DeskState) -> Void) {
        var state = desk.state
        for index in state.agents.indices {
            state.agents[index].connections = desk.agent(state.agents[index].id)?.connections ?? []
        }
        change(&state)
        desk = Desk(state: state, rules: rules)
    }

    /// The desk is made anew from its rows, as after a reload in the same epoch.
    mutating func reload() {
        desk = Desk(state: shelf.state, rules: rules)
        auditor.forgetConnections()
    }
}

extension Handled {
    /// What happened, without how agents were chosen, which has tests of its own.
    var events: [Event] {
        records.map { record in
            guard case .ownerChanged(let handoff) = record.event else { return record.event }
            return .ownerChanged(
                Handoff(
                    conversation: handoff.conversation, number: handoff.number,
                    from: handoff.from, to: handoff.to, reason: handoff.reason, by: handoff.by))
        }
    }

    var result: Int64? {
        switch decision {
        case .accepted(let result): result
        case .rejected: nil
        }
    }

    var rejection: Rejection? {
        switch decision {
        case .accepted: nil
        case .rejected(let rejection): rejection
        }
    }
}

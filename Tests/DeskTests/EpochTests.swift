import Desk
import Testing

@Suite("Epochs, reloads and deadlines")
struct EpochTests {
    @Test("At the start of an epoch everybody has grace, and what was being sent is unknown")
    func epoch() {
        var scene = Scene.replied()
        scene.run([.connected(ben), .presenceSet(ben, .offline), .sendingBegan(job(10))])
        scene.reload()
        let deadline = scene.now.adding(milliseconds: 60_001)
        #expect(
            scene.handle(.epochBegan).events == [
                .epochBegan, .agentDisconnected(ana, deadline: deadline),
                .job(10, of: 6, .unknown(deadline: nil), attempts: 1),
            ])
        #expect(scene.desk.nextDeadline == deadline)
        #expect(scene.handle(.agentConnections(ana, [socket(5)])).events == [.agentConnected(ana)])
        #expect(
            scene.desk.nextDeadline == nil, "no send is given up before the channel was read back")
        #expect(
            scene.handle(.backfillFinished).events == [
                .job(
                    10, of: 6, .unknown(deadline: scene.now.adding(milliseconds: 60_000)),
                    attempts: 1)
            ])
        #expect(scene.handle(.backfillFinished).events.isEmpty)
        #expect(scene.wait(60_000) == [.job(10, of: 6, .unconfirmed, attempts: 1)])
        #expect(scene.desk.state == scene.shelf.state)
    }

    @Test("A second epoch stops the waits that the first began")
    func secondEpoch() {
        var scene = Scene.replied()
        scene.run([.sendingBegan(job(10)), .epochBegan, .backfillFinished])
        #expect(
            scene.handle(.epochBegan).events == [
                .epochBegan, .job(10, of: 6, .unknown(deadline: nil), attempts: 1),
            ])
        #expect(
            scene.handle(.epochBegan).events == [.epochBegan], "there is nothing more to change")
    }

    /// Grace left when the epoch begins, and the grace that is left after it.
    @Test(arguments: [(1, 5_000), (4_999, 5_000), (5_000, 5_000), (5_001, 5_001), (60_000, 60_000)])
    func storedDeadlines(left: Int64, after: Int64) {
        var scene = Scene.talking()
        scene.run([.disconnected(ana)])
        scene.now = scene.now.adding(milliseconds: 59_999 - left)
        scene.reload()
        let events = scene.handle(.epochBegan).events
        let deadline = scene.now.adding(milliseconds: after)
        #expect(scene.shelf.agents[ana]?.disconnectDeadline == deadline)
        #expect(
            events.dropFirst()
                == (left < 5_000 ? [.agentDisconnected(ana, deadline: deadline)] : []))
        #expect(scene.wait(after - 1).isEmpty)
        #expect(
            scene.wait(1) == [
                .presenceChanged(ana, .offline, by: nil),
                .handed(6, 3, .agent(ana), .queue(queue), .disconnected),
            ])
        #expect(scene.auditor.violations.isEmpty)
    }

    @Test("A grace shorter than the settling time is stretched to it")
    func shortGrace() {
        var scene = Scene.open(rules: Rules(disconnectGrace: 10, settlingTime: 100))
        scene.run([.epochBegan])
        #expect(scene.desk.nextDeadline == scene.now.adding(milliseconds: 100))
    }

    @Test("Sockets that an epoch found open count as closed, also of who is offline")
    func offlineButConnected() {
        var scene = Scene.open()
        scene.run([.presenceSet(ana, .offline)])
        #expect(
            scene.handle(.epochBegan).events == [
                .epochBegan, .agentDisconnected(ana, deadline: nil),
            ])
    }

    @Test("After a reload in the same epoch everything goes on once the sockets are told")
    func reload() {
        var scene = Scene.talking()
        scene.run([
            .connected(ben), .presenceSet(ben, .available),
            .capacitySet(ana, capacity: 1, by: sofia),
        ])
        let before = scene.desk.state.agents
        scene.reload()
        #expect(scene.desk.nextDeadline == nil)
        scene.run([.agentConnections(ana, [socket(1)]), .agentConnections(ben, [socket(1)])])
        #expect(scene.desk.state.agents == before)
        #expect(scene.handle(.wrote(jorge, 2)).events.last.map(isAssignment(to: ben)) == true)
        #expect(scene.wait(60_000).isEmpty)
        #expect(scene.auditor.violations.isEmpty)
    }

    private func isAssignment(to agent: AgentID) -> (Event) -> Bool {
        { if case .ownerChanged(let handoff) = $0 { handoff.to == .agent(agent) } else { false } }
    }

    @Test("Who is not told of after a reload has left, and loses all when the grace ends")
    func unheard() {
        var scene = Scene.talking()
        scene.reload()
        scene.run([.connected(ben)])
        #expect(scene.desk.nextDeadline == scene.now.adding(milliseconds: 5_000))
        #expect(scene.wait(4_999).isEmpty)
        let deadline = scene.now.adding(milliseconds: 60_001)
        #expect(scene.wait(1) == [.agentDisconnected(ana, deadline: deadline)])
        #expect(
            scene.wait(60_000) == [
                .presenceChanged(ana, .offline, by: nil),
                .handed(6, 3, .agent(ana), .queue(queue), .disconnected),
            ])
    }

    @Test("Who is told to have no socket after a reload has left")
    func toldNone() {
        var scene = Scene.talking()
        scene.reload()
        let deadline = scene.now.adding(milliseconds: 60_001)
        #expect(
            scene.handle(.agentConnections(ana, [])).events
                == [.agentDisconnected(ana, deadline: deadline)])
    }

    @Test("What is due is done in the order of the deadlines, agents before jobs, each by id")
    func order() {
        var scene = Scene.replied(rules: Rules(disconnectGrace: 1_000, confirmationWait: 1_000))
        scene.run([.connected(ben), .presenceSet(ben, .away), .sendingBegan(job(10))])
        scene.run([.epochBegan])
        var state = scene.shelf.state
        let due = moment(50_000)
        state.agents = state.agents.reversed().map { agent in
            var agent = agent
            agent.disconnectDeadline = due
            return agent
        }
        state.jobs[0].state = .unknown(deadline: due)
        var later = state.jobs[0]
        later.state = .unknown(deadline: due.adding(milliseconds: -1))
        state.jobs.append(
            Job(
                id: job(12), conversation: later.conversation, message: message(12), agent: ana,
                textDigest: text(2), state: later.state, attempts: 1))
        var desk = Desk(state: state, rules: scene.rules)
        let early = desk.handle(
            .clockReached, known: Known(), epoch: 8, at: due.adding(milliseconds: -2))
        #expect(early == Handled(decision: .accepted(result: 0), records: []))
        let handled = desk.handle(.clockReached, known: Known(), epoch: 8, at: due)
        #expect(
            handled.events == [
                .job(12, of: 6, .unconfirmed, attempts: 1),
                .presenceChanged(ana, .offline, by: nil),
                .handed(6, 3, .agent(ana), .queue(queue), .disconnected),
                .presenceChanged(ben, .offline, by: nil),
                .job(10, of: 6, .unconfirmed, attempts: 1),
            ])
        #expect(handled.records.allSatisfy { $0.epoch == 8 && $0.at == due })
        #expect(desk.nextDeadline == nil)
    }

    @Test("A desk made from rows that contradict each other does not end the process")
    func contradictoryRows() {
        var state = Scene.replied().shelf.state
        state.agents = []
        var desk = Desk(state: state, rules: Rules())
        for input: Input in [
            .epochBegan, .replied(ana, 6), .presenceSet(ana, .offline), .connected(ana),
            .conversationClosed(ana, conversation(6)), .sendingBegan(job(10)), .clockReached,
        ] {
            _ = desk.handle(input, known: Known(), epoch: 1, at: moment(9_000))
        }
        #expect(desk.state.conversations.isEmpty)
    }

    @Test("What is needed of the store, for each kind of input")
    func needs() {
        func needs(_ input: Input) -> Needs {
            var needs = Needs()
            Desk.needs(of: input, into: &needs)
            return needs
        }
        var thread = Needs()
        thread.threads = [maria]
        #expect(needs(.wrote(maria, 1)) == thread)
        #expect(needs(.told(maria, .read(upTo: moment(1)), 5)) == thread)
        #expect(needs(.told(maria, .other, 5)) == thread)
        thread.messages = [platform(5)]
        #expect(needs(.told(maria, .edited, 5)) == thread)
        thread.jobs = [job(3)]
        #expect(needs(.told(maria, .messageLeft(job: job(3), textDigest: nil), 5)) == thread)
        var one = Needs()
        one.conversations = [conversation(6)]
        #expect(needs(.replied(ana, 6)) == one)
        #expect(needs(.conversationRead(ana, conversation(6))) == one)
        #expect(needs(.conversationClosed(ana, conversation(6))) == one)
        var resend = Needs()
        resend.jobs = [job(3)]
        #expect(needs(.resendOrdered(ana, job(3))) == resend)
        for input: Input in [
            .channelEventKept, .backfillFinished, .connected(ana), .disconnected(ana),
            .agentConnections(ana, []), .presenceSet(ana, .away),
            .capacitySet(ana, capacity: 1, by: sofia), .sendingBegan(job(3)), .ended(3, 1, .sent),
            .epochBegan, .clockReached,
        ] {
            #expect(needs(input).isEmpty)
        }
    }
}

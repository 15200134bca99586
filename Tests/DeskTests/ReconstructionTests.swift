import Desk
import Testing

/// Why somebody waited at a moment of the past, made from events.
@Suite struct ReconstructionTests {
    @Test("It says what was said then, after any history", arguments: PropertyTests.seeds)
    func history(seed: UInt64) {
        var history = RandomHistory(seed: seed)
        var scene = Scene(rules: PropertyTests.rules, auditing: false)
        var versions: [Configuration] = []
        var records: [EventRecord] = []
        for step in 1...PropertyTests.length {
            scene.now = scene.now.adding(milliseconds: history.pause())
            let input = history.next(in: scene)
            records += scene.handle(input).records
            // What a clock ends without an event has ended once it was told.
            records += scene.handle(.clockReached).records
            if scene.shelf.configuration.version != versions.last?.version {
                versions.append(scene.shelf.configuration)
            }
            guard step % 40 == 0 else { continue }
            compare(scene, records, versions, "seed \(seed), step \(step)")
        }
    }

    private func compare(
        _ scene: Scene, _ records: [EventRecord], _ versions: [Configuration], _ place: String
    ) {
        var made = Reconstruction(configurations: versions)
        for record in records { made.follow(record) }
        let state = scene.desk.state
        for row in state.agents { made.adopt(row.profile, of: row.id) }
        for row in state.conversations {
            made.adopt(row.routing.needs, row.routing.compartment, of: row.id)
            made.adopt(row.origin, of: row.id)
        }
        let rows = made.rows(at: scene.now)
        #expect(rows.configuration == state.configuration, "\(place)")
        #expect(
            rows.conversations.map { routed($0, scene) }
                == state.conversations.map { routed($0, scene) }, "\(place)")
        #expect(
            rows.agents.map(routed)
                == state.agents.compactMap { scene.desk.agent($0.id).map(routed) }, "\(place)")
        for row in state.conversations {
            let past = made.explain(row.id, at: scene.now)
            #expect(past?.explanation == scene.desk.explain(row.id), "\(place)")
        }
    }

    /// What of a conversation decides who may take it.
    private func routed(_ row: Conversation, _ scene: Scene) -> Conversation {
        var routing = row.routing
        routing.staysInQueue = false
        routing.announced = nil
        routing.silentSince = nil
        routing.target = nil
        if let kept = routing.reservation, kept.until <= scene.now { routing.reservation = nil }
        return Conversation(
            id: row.id, customer: row.customer, thread: maria, queue: row.queue, owner: row.owner,
            handoffs: row.handoffs, waitingSince: row.waitingSince, openedAt: row.waitingSince,
            lastMessageAt: row.waitingSince, customerWroteAt: row.waitingSince, unread: 0,
            routing: routing)
    }

    /// What of an agent decides what they may take.
    private func routed(_ row: Agent) -> Agent {
        var attendance = Attendance()
        attendance.hasShiftEnded = row.attendance.hasShiftEnded
        return Agent(
            id: row.id, presence: row.presence, capacity: row.capacity,
            disconnectDeadline: row.disconnectDeadline, idleSince: row.idleSince,
            profile: row.profile, attendance: attendance,
            connections: row.isConnected ? [socket(1)] : [])
    }

    @Test("What has changed since and is not on record is told")
    func changedSince() throws {
        var scene = Scene()
        let inputs: [Input] = [
            .connected(ana), .connected(ben), .presenceSet(ana, .available),
            .capacitySet(ana, capacity: 0, by: sofia), .wrote(maria),
        ]
        var records = inputs.flatMap { scene.handle($0).records }
        let then = scene.now
        let id = try #require(scene.shelf.conversations.keys.first)
        let waiting = try #require(scene.desk.explain(id))
        #expect(
            waiting.candidates.map(\.obstacle).contains(.noRoom(load: 0, capacity: 0, weight: 1)))
        let count = records.count
        let customer = try #require(scene.shelf.conversations[id]?.customer)
        for input: Input in [
            .profileSet(ben, Profile(barred: [customer]), by: sofia),
            .needsSet(id, [], CompartmentID(3), by: sofia),
            .capacitySet(ana, capacity: 1, by: sofia),
        ] {
            records += scene.handle(input).records
        }
        var made = Reconstruction(configurations: [])
        for record in records.prefix(count) { made.follow(record) }
        #expect(made.explain(id, at: then)?.explanation == waiting)
        for record in records.dropFirst(count) { made.noteLater(record) }
        made.adopt(Profile(barred: [customer]), of: ben)
        let past = try #require(made.explain(id, at: then))
        #expect(past.agentsChangedSince == [ben] && past.needsChangedSince)
        #expect(past.explanation.candidates.map(\.obstacle).contains(.barred))
        #expect(made.explain(conversation(9_999), at: then) == nil)
    }
}

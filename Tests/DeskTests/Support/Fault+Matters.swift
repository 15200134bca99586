import Desk

/// Faults in what the smaller setups are about.
extension Fault {
    static let ofMatters: [Fault] = ofHours + ofTargets + ofSkills + ofAttendance

    private static func states(
        _ name: String, _ complaint: String, in matter: Matter,
        _ change: @escaping @Sendable (inout QueueState) -> Void
    ) -> Fault {
        Fault(name, complaint, in: matter) { state in
            for index in state.queueStates.indices { change(&state.queueStates[index]) }
        }
    }

    private static let ofHours: [Fault] = [
        Fault("that a queue is closed is forgotten", "from a closed queue", in: .hours) {
            $0.queueStates = []
        },
        states("an order stands for an hour", "should have turned", in: .hours) { state in
            guard let order = state.order else { return }
            state.order = QueueOrder(isOpen: order.isOpen, until: moment(3_600_000), by: order.by)
        },
        states("an order is forgotten", "should have turned", in: .hours) { $0.order = nil },
        states("hours never end", "should have turned", in: .hours) { state in
            guard let hours = state.hours else { return }
            let periods = hours.periods.prefix(1).map {
                OpenPeriod(from: $0.from, until: moment(3_600_000))
            }
            state.hours = QueueHours(
                queue: hours.queue, periods: periods, knownUntil: hours.knownUntil)
        },
        queues("what is shut out stays", "which closed", in: .hours) {
            $0.overflow?.whenClosed = false
        },
    ]

    private static let ofTargets: [Fault] = [
        conversations("what was promised is forgotten", "what is promised", in: .targets) {
            $0.routing.target = nil
        },
        conversations("a promise ends at once", "is said to be broken", in: .targets) {
            $0.routing.target?.due = 0
        },
        conversations("a promise never ends", "is overdue", in: .targets) {
            $0.routing.target?.due = 3_600_000
        },
        queues("nothing is raised at a warning", "is not raised", in: .targets) { queue in
            for place in (queue.targets ?? []).indices { queue.targets?[place].onWarning = nil }
        },
        queues("nothing is sent on at a breach", "is not escalated", in: .targets) { queue in
            for place in (queue.targets ?? []).indices {
                queue.targets?[place].onBreach?.queue = nil
            }
        },
        queues("nobody is called", "calls supervisors", in: .targets) { queue in
            for place in (queue.targets ?? []).indices {
                queue.targets?[place].onBreach?.callsSupervisor = false
            }
        },
        states("closed time counts", "is said to be broken", in: .targetsAndClosings) { state in
            if !state.isOpen { state.openTime += 30_000 }
        },
        states("open time does not count", "is overdue", in: .targetsAndClosings) { state in
            state.openTime -= 30_000
        },
    ]

    private static let ofSkills: [Fault] = [
        agents("whom an agent must not serve is forgotten", "P3: ", in: .skills) {
            $0.profile.barred = []
        },
        agents("everybody sees everything", "P3: ", in: .skills) {
            $0.profile.compartments = [Setup.compartment]
        },
        agents("every queue is everybody's", "P3: ", in: .skills) { $0.profile.queues = nil },
        conversations("what is asked for is forgotten", "P3: ", in: .skills) {
            $0.routing.needs = []
        },
        conversations("whose it is is forgotten", "P3: ", in: .skills) {
            $0.routing.compartment = nil
        },
        conversations("what is firm is not", "asks for differs", in: .skills) { conversation in
            for place in conversation.routing.needs.indices {
                conversation.routing.needs[place].isFirm = false
            }
        },
    ]

    private static let ofAttendance: [Fault] = [
        agents("who writes up is available", "P3: ", in: .attendance) { agent in
            guard agent.presence == .wrapUp else { return }
            agent.presence = .available
            agent.attendance.wrapUp = nil
        },
        agents("a wrap-up lasts an hour", "goes on", in: .attendance) {
            $0.attendance.wrapUp?.until = moment(3_600_000)
        },
        agents("a wrap-up may last an hour", "extended too far", in: .attendance) {
            $0.attendance.wrapUp?.latest = moment(3_600_000)
        },
        agents("a shift lasts an hour longer", "goes on", in: .attendance) { agent in
            guard agent.attendance.shiftEnd != nil else { return }
            agent.attendance.shiftEnd = moment(3_600_000)
        },
        agents("whose shift is over takes work", "P3: ", in: .attendance) {
            $0.attendance.hasShiftEnded = false
        },
        agents("who is away gave another reason", "is away differs", in: .attendance) { agent in
            if agent.presence == .away { agent.attendance.awayReason = AwayReasonID(2) }
        },
    ]
}

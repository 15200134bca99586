import Desk
import Engine
import EventLoop
import Postgres
import Testing

@testable import Store

/// What a wrong Desk might decide. Each is stopped by the constraint that the schema names for it.
enum WrongCommit: String, CaseIterable, CustomTestStringConvertible {
    case aKeyTwice, aPlatformMessageTwice, aThreadMetTwice, twoOpenConversationsOfAThread
    case aHandoffNumberTwice, aHandoffNumberLeftOut, aFirstHandoffFromAQueue
    case aHandoffThatDoesNotFollow, aHandoffToTheSameOwner, anOwnerWithoutHandoff
    case anAgentWithoutAssignment, aHandoffThatTheConversationIgnores, anOwnerWithoutNumber
    case twoJobsInFlight, twoJobsOfAMessage, aQueuedJobWithoutMoment, aFailedJobWithoutReason
    case anEventNumberLeftOut, anEventNumberTwice, anEventOfAnotherEpoch, aLedgerElsewhere
    case aNegativeCapacity, aDeadlineOfWhoIsOffline, aConversationOfNobodyKnown
    case aConversationWithoutActivity
    case anOfferWithoutDeadline, anOfferOfWhatIsClosed, anOfferToTheOwner
    case aQueuesOfferOfWhatAnAgentHas, aNegativeCountOfMissedOffers, aProfileThatIsNone
    case aChoiceAmongNobody, aChoiceOverMoreThanThereWere, aMoveThatNobodyOrdered
    case aConfigurationWithoutItsEvent, aConfigurationOfAnotherVersion
    case anAssignmentWithoutItsHandoff, anAssignmentToAnother
    case anOwnerWithoutANewHandoff, aHandoffMoreThanThereIs, aHandoffLessThanThereIs
    case aWrapUpWithoutEnd, aReasonOfWhoIsNotAway, aShiftThatEndedWithoutEnd, twoPresencesAtOnce

    var testDescription: String { rawValue }

    var constraint: String {
        switch self {
        case .aKeyTwice: "keys_pkey"
        case .aPlatformMessageTwice: "messages_platform"
        case .aThreadMetTwice: "customers_desk_thread_key"
        case .twoOpenConversationsOfAThread: "conversations_one_open"
        case .aHandoffNumberTwice: "handoffs_pkey"
        case .aHandoffNumberLeftOut, .aHandoffThatDoesNotFollow: "handoffs_chain"
        case .aFirstHandoffFromAQueue: "handoffs_first"
        case .aHandoffToTheSameOwner: "handoffs_changes"
        case .anOwnerWithoutHandoff, .anAgentWithoutAssignment,
            .aHandoffThatTheConversationIgnores, .anOwnerWithoutANewHandoff,
            .aHandoffMoreThanThereIs, .aHandoffLessThanThereIs:
            "conversations_owner_on_record"
        case .anAssignmentWithoutItsHandoff, .anAssignmentToAnother: "assignments_on_record"
        case .anOwnerWithoutNumber: "conversations_owner_id"
        case .twoJobsInFlight: "jobs_one_in_flight"
        case .twoJobsOfAMessage: "jobs_desk_message_key"
        case .aQueuedJobWithoutMoment: "jobs_due_at"
        case .aFailedJobWithoutReason: "jobs_failure"
        case .anEventNumberLeftOut, .anEventOfAnotherEpoch: "events_gap_free"
        case .anEventNumberTwice: "events_pkey"
        case .aLedgerElsewhere: "desks_last_event"
        case .aNegativeCapacity: "agents_capacity_check"
        case .aDeadlineOfWhoIsOffline: "agents_deadline"
        case .aConversationOfNobodyKnown: "conversations_desk_customer_fkey"
        case .aConversationWithoutActivity: "conversations_activity"
        case .anOfferWithoutDeadline: "conversations_offer_whole"
        case .anOfferOfWhatIsClosed, .aQueuesOfferOfWhatAnAgentHas: "conversations_offer_owner"
        case .anOfferToTheOwner: "conversations_offer_to_another"
        case .aNegativeCountOfMissedOffers: "agents_missed_offers_check"
        case .aProfileThatIsNone: "agents_profile_check"
        case .aChoiceAmongNobody: "handoffs_choice_counts"
        case .aChoiceOverMoreThanThereWere: "handoffs_choice_others"
        case .aMoveThatNobodyOrdered: "handoffs_ordered_by"
        case .aConfigurationWithoutItsEvent: "configurations_on_record"
        case .aConfigurationOfAnotherVersion: "configurations_document"
        case .aWrapUpWithoutEnd: "agents_wrap_up"
        case .aReasonOfWhoIsNotAway: "agents_away_reason"
        case .aShiftThatEndedWithoutEnd: "agents_shift_end"
        case .twoPresencesAtOnce: "presence_periods_one_open"
        }
    }
}

extension StoreTests {
    /// The second guards: a wrong Desk is refused, and nothing of its commit stays.
    @Suite struct GuardTests {
        @Test(arguments: WrongCommit.allCases)
        func aWrongDeskIsStopped(wrong: WrongCommit) async throws {
            // These values cannot be said in the Desk's types; the table alone is asked.
            if let statement = wrong.statement {
                try await Scene.run { scene in
                    let node = try await scene.nodeWithTwoConversations()
                    let state = node.desk.state
                    #expect(await scene.refusal(of: statement)?.constraint == wrong.constraint)
                    try await node.reload(.keep(node.epoch))
                    #expect(node.desk.state == state)
                }
                return
            }
            try await Scene.run { scene in
                let node = try await scene.nodeWithTwoConversations()
                let state = node.desk.state
                let commit = try await wrong.commit(node)
                #expect(await node.store.commit(commit) == .poison)
                #expect(node.store.lastRefusal?.constraint == wrong.constraint)
                try await node.reload(.keep(node.epoch))
                #expect(node.desk.state == state)
                #expect(
                    try await node.store.verifyChain() == .sound(events: state.lastEvent))
                // The same desk, decided rightly, goes on.
                #expect(try await node.commit([wrote(8, message: 80)]) == .ok)
            }
        }

        /// Two open assignments need a broken chain of handoffs first, which is refused before;
        /// without that guard this one stands alone.
        @Test func twoOpenAssignmentsAreStopped() async throws {
            try await Scene.run { scene in
                let node = try await scene.nodeWithTwoConversations()
                try await scene.sql("ALTER TABLE handoffs DISABLE TRIGGER handoffs_chain")
                let held = try #require(node.desk.state.conversations.first)
                let commit = node.saying([
                    .ownerChanged(
                        Handoff(
                            conversation: held.id, number: held.handoffs + 1,
                            from: .queue(QueueID(1)), to: .agent(AgentID(8)), reason: .assigned))
                ]) { changes in
                    var changed = held
                    changed.owner = .agent(AgentID(8))
                    changed.handoffs += 1
                    changes.conversations = [changed]
                }
                #expect(await node.store.commit(commit) == .poison)
                #expect(node.store.lastRefusal?.constraint == "assignments_one_open")
            }
        }

        @Test(arguments: ["events", "handoffs", "configurations"])
        func theLedgerIsOnlyAddedTo(table: String) async throws {
            try await Scene.run { scene in
                let node = try await scene.nodeWithTwoConversations()
                let configured = Node.Order(
                    input: .configurationSet(Configuration(ageing: 1_000), by: AgentID(99)))
                #expect(try await node.commit([configured]) == .ok)
                for statement in [
                    "UPDATE \(table) SET desk = desk", "DELETE FROM \(table)",
                    "TRUNCATE \(table) CASCADE",
                ] {
                    #expect(await scene.refusal(of: statement)?.sqlState == SQLState("42501"))
                }
                #expect(try await scene.number("SELECT count(*) FROM \(table)") > 0)
            }
        }

        /// No column of the ledger can hold a text: only numbers, instants, and bytes of bounded
        /// size.
        @Test func theLedgerHasNoTextColumn() async throws {
            try await Scene.run { scene in
                let types = try await scene.query(
                    """
                    SELECT string_agg(DISTINCT data_type, ',' ORDER BY data_type)
                      FROM information_schema.columns WHERE table_name = 'events'
                    """)
                #expect(
                    try types.text(0, 0)
                        == "ARRAY,bigint,bytea,smallint,timestamp with time zone")
            }
        }
    }
}

extension Scene {
    /// What the database says to a statement that it must refuse; nil if it takes it.
    func refusal(of statement: String) async -> PostgresServerError? {
        do {
            try await sql(statement)
            return nil
        } catch PostgresError.server(let error) {
            return error
        } catch {
            return nil
        }
    }

    /// A node whose agent 7 holds two conversations, with a job on its way in the first.
    func nodeWithTwoConversations() async throws -> Node {
        let node = try await node()
        try await node.commit(arrives(7))
        try await node.commit([wrote(1, message: 1), wrote(2, message: 2)])
        let held = node.desk.state.conversations[0].id
        try await node.commit([replied(7, held), replied(7, held)])
        let job = node.desk.unsettledJobs[0].id
        #expect(try await node.commit([Node.Order(input: .sendingBegan(job))]) == .ok)
        return node
    }
}

extension Node {
    /// A commit of these events and rows, whoever would decide them.
    fileprivate func saying(
        _ events: [Event], key: Digest? = nil, content: Content? = nil,
        _ change: (inout Changes) -> Void = { _ in }
    ) -> Commit {
        var changes = Changes()
        change(&changes)
        let records = events.enumerated().map { index, event in
            EventRecord(
                number: desk.lastEvent + 1 + Int64(index), at: now, epoch: epoch, event: event,
                audience: [])
        }
        return Commit(
            epoch: epoch, at: now, lastEvent: desk.lastEvent,
            entries: [
                CommitEntry(
                    key: key, parameters: nil, result: 0, content: content, records: records)
            ], changes: changes)
    }
}

extension WrongCommit {
    /// For what the Desk's types cannot say: rows written by hand.
    fileprivate var statement: String? {
        switch self {
        case .anOwnerWithoutNumber: "UPDATE conversations SET owner_id = 0"
        case .aConversationWithoutActivity:
            """
            INSERT INTO conversations (desk, conversation, customer, thread, queue, owner, owner_id,
                   handoffs, waiting_since, opened_at)
            SELECT 1, 999, customer, decode(repeat('09', 16), 'hex'), 1, 'nobody', 0, 0, now(), now()
              FROM customers LIMIT 1
            """
        case .aQueuedJobWithoutMoment: "UPDATE jobs SET due_at = NULL WHERE state = 'queued'"
        case .aFailedJobWithoutReason: "UPDATE jobs SET state = 'failed', due_at = NULL"
        case .anOfferWithoutDeadline:
            "UPDATE conversations SET offered_to = 8, offer_is_transfer = true"
        case .aProfileThatIsNone: "UPDATE agents SET profile = '[]'"
        case .aConfigurationWithoutItsEvent:
            "INSERT INTO configurations VALUES (1, 1, '{\"version\": 1}', 9, now())"
        case .aConfigurationOfAnotherVersion:
            "INSERT INTO configurations VALUES (1, 1, '{\"version\": 2}', 9, now())"
        case .anAssignmentWithoutItsHandoff:
            "INSERT INTO assignments SELECT 1, conversation, 9, 7, now(), now() FROM conversations"
        case .anAssignmentToAnother:
            "INSERT INTO assignments SELECT 1, conversation, 1, 7, now(), now() FROM conversations"
        case .anOwnerWithoutANewHandoff: "UPDATE conversations SET owner_id = 8"
        case .aHandoffMoreThanThereIs: "UPDATE conversations SET handoffs = handoffs + 1"
        case .aHandoffLessThanThereIs: "UPDATE conversations SET handoffs = handoffs - 1"
        case .aWrapUpWithoutEnd: "UPDATE agents SET presence = 'wrapUp'"
        case .aReasonOfWhoIsNotAway:
            "UPDATE agents SET presence = 'busy', attendance = '{\"awayReason\": 2}'"
        case .aShiftThatEndedWithoutEnd:
            "UPDATE agents SET attendance = '{\"hasShiftEnded\": true}'"
        case .twoPresencesAtOnce:
            """
            INSERT INTO presence_periods (desk, agent, event, presence, began_at)
            SELECT desk, agent, event + 1000, 'busy', began_at FROM presence_periods
            """
        case .aKeyTwice, .aPlatformMessageTwice, .aThreadMetTwice,
            .twoOpenConversationsOfAThread, .aHandoffNumberTwice, .aHandoffNumberLeftOut,
            .aFirstHandoffFromAQueue, .aHandoffThatDoesNotFollow, .aHandoffToTheSameOwner,
            .anOwnerWithoutHandoff, .anAgentWithoutAssignment,
            .aHandoffThatTheConversationIgnores, .twoJobsInFlight, .twoJobsOfAMessage,
            .anEventNumberLeftOut, .anEventNumberTwice, .anEventOfAnotherEpoch,
            .aLedgerElsewhere, .aNegativeCapacity, .aDeadlineOfWhoIsOffline,
            .aConversationOfNobodyKnown, .anOfferOfWhatIsClosed, .anOfferToTheOwner,
            .aQueuesOfferOfWhatAnAgentHas, .aNegativeCountOfMissedOffers, .aChoiceAmongNobody,
            .aChoiceOverMoreThanThereWere,
            .aMoveThatNobodyOrdered:
            nil
        }
    }

    @LoopActor fileprivate func commit(_ node: Node) async throws -> Commit {
        switch self {
        case .aKeyTwice, .aPlatformMessageTwice, .aThreadMetTwice,
            .twoOpenConversationsOfAThread, .aConversationOfNobodyKnown:
            try await ofArrivals(node)
        case .aHandoffNumberTwice, .aHandoffNumberLeftOut, .aFirstHandoffFromAQueue,
            .aHandoffThatDoesNotFollow, .aHandoffToTheSameOwner, .anOwnerWithoutHandoff,
            .anAgentWithoutAssignment, .aHandoffThatTheConversationIgnores:
            ofOwners(node)
        case .anOfferOfWhatIsClosed, .anOfferToTheOwner, .aQueuesOfferOfWhatAnAgentHas,
            .aChoiceAmongNobody, .aChoiceOverMoreThanThereWere, .aMoveThatNobodyOrdered,
            .anOfferWithoutDeadline, .aConversationWithoutActivity,
            .aConfigurationWithoutItsEvent, .aConfigurationOfAnotherVersion,
            .anAssignmentWithoutItsHandoff, .anAssignmentToAnother, .anOwnerWithoutANewHandoff,
            .aHandoffMoreThanThereIs, .aHandoffLessThanThereIs,
            .aWrapUpWithoutEnd, .aReasonOfWhoIsNotAway, .aShiftThatEndedWithoutEnd,
            .twoPresencesAtOnce:
            ofRouting(node)
        case .twoJobsInFlight, .twoJobsOfAMessage, .aNegativeCapacity,
            .aDeadlineOfWhoIsOffline, .anOwnerWithoutNumber, .aQueuedJobWithoutMoment,
            .aFailedJobWithoutReason, .aNegativeCountOfMissedOffers, .aProfileThatIsNone:
            ofRows(node)
        case .anEventNumberLeftOut, .anEventNumberTwice, .anEventOfAnotherEpoch,
            .aLedgerElsewhere:
            ofNumbers(node)
        }
    }

    @LoopActor private func ofArrivals(_ node: Node) async throws -> Commit {
        var order = wrote(3, message: 3)
        switch self {
        case .aKeyTwice:
            order.key = key(1)
            return try await node.decided([order])
        case .aPlatformMessageTwice:
            order.content?.platformMessage = platform(1)
            return try await node.decided([order])
        case .aThreadMetTwice:
            // Decided without knowing what the store knows.
            var stale = Desk(state: node.desk.state, rules: node.desk.rules)
            let handled = stale.handle(
                wrote(3, message: 3).input, known: Known(), epoch: node.epoch, at: node.now)
            let customer = CustomerID(node.desk.lastEvent + 1)
            return node.saying(
                [.customerMet(customer, thread: thread(1))]
                    + handled.records.dropFirst().map(\.event), content: order.content)
        default:
            let known = node.desk.state.conversations[0]
            let id = ConversationID(node.desk.lastEvent + 1)
            let customer =
                self == .aConversationOfNobodyKnown ? CustomerID(999) : known.customer
            let at = self == .aConversationOfNobodyKnown ? thread(9) : known.thread
            let opened = Conversation(
                id: id, customer: customer, thread: at, queue: QueueID(1),
                owner: .queue(QueueID(1)), handoffs: 1, waitingSince: node.now,
                openedAt: node.now, lastMessageAt: node.now, customerWroteAt: node.now, unread: 0)
            return node.saying([
                .conversationOpened(id, customer, QueueID(1)),
                .ownerChanged(
                    Handoff(
                        conversation: id, number: 1, from: .nobody, to: .queue(QueueID(1)),
                        reason: .customerWrote)),
            ]) { $0.conversations = [opened] }
        }
    }

    @LoopActor private func ofOwners(_ node: Node) -> Commit {
        var held = node.desk.state.conversations[0]
        let holder = held.owner
        var handoff = (number: held.handoffs + 1, from: holder, to: Owner.queue(QueueID(1)))
        var keepsRow = false
        var tellsHandoff = true
        switch self {
        case .aHandoffNumberTwice: handoff.number = held.handoffs
        case .aHandoffNumberLeftOut: handoff.number += 1
        case .aFirstHandoffFromAQueue:
            handoff = (1, .queue(QueueID(1)), holder)
            held = Conversation(
                id: ConversationID(999), customer: held.customer, thread: thread(99),
                queue: held.queue, owner: holder, handoffs: 1, waitingSince: node.now,
                openedAt: node.now, lastMessageAt: node.now, customerWroteAt: node.now, unread: 0)
        case .aHandoffThatDoesNotFollow: handoff.from = .agent(AgentID(8))
        case .aHandoffToTheSameOwner: handoff.to = holder
        case .aHandoffThatTheConversationIgnores: keepsRow = true
        case .anOwnerWithoutHandoff: tellsHandoff = false
        default: tellsHandoff = false
        }
        if !keepsRow {
            held.owner = self == .anAgentWithoutAssignment ? .agent(AgentID(8)) : handoff.to
            if tellsHandoff { held.handoffs = handoff.number }
        } else {
            held.unread += 1
        }
        let changed = Event.ownerChanged(
            Handoff(
                conversation: held.id, number: handoff.number, from: handoff.from, to: handoff.to,
                reason: .wentOffline))
        let read = Event.conversationRead(held.id, AgentID(7))
        return node.saying([tellsHandoff ? changed : read]) { $0.conversations = [held] }
    }

    @LoopActor private func ofRouting(_ node: Node) -> Commit {
        var held = node.desk.state.conversations[0]
        let holder = held.owner
        var target = Owner.queue(held.queue)
        var (reason, choice) = (HandoffReason.wentOffline, Choice?.none)
        var offer: Offer?
        func offered(to agent: Int64, isTransfer: Bool) -> Offer {
            Offer(
                agent: AgentID(agent), deadline: node.now.adding(milliseconds: 60_000),
                isTransfer: isTransfer)
        }
        switch self {
        case .anOfferOfWhatIsClosed:
            (target, reason) = (.nobody, .closed)
            offer = offered(to: 8, isTransfer: true)
        case .anOfferToTheOwner:
            target = holder
            offer = offered(to: 7, isTransfer: true)
        case .aQueuesOfferOfWhatAnAgentHas:
            target = holder
            offer = offered(to: 8, isTransfer: false)
        case .aChoiceAmongNobody:
            (target, reason) = (.agent(AgentID(8)), .assigned)
            choice = Choice(
                version: 0, waiting: 1, onDuty: 0, ready: 1, relaxed: 0, runnerUp: nil)
        case .aChoiceOverMoreThanThereWere:
            (target, reason) = (.agent(AgentID(8)), .assigned)
            choice = Choice(
                version: 0, waiting: 1, onDuty: 1, ready: 1, relaxed: 0, runnerUp: nil,
                others: Choice.Others(
                    unfit: 0, ahead: 0, passedOverCount: 1,
                    passedOver: [Choice.PassedOver(agent: AgentID(7), hindrance: .declined)]))
        default: reason = .moved
        }
        held.routing.offer = offer
        guard target != holder else {
            return node.saying([.conversationRead(held.id, AgentID(7))]) {
                $0.conversations = [held]
            }
        }
        held.handoffs += 1
        held.owner = target
        let handoff = Handoff(
            conversation: held.id, number: held.handoffs, from: holder, to: target,
            reason: reason, choice: choice)
        return node.saying([.ownerChanged(handoff)]) { $0.conversations = [held] }
    }

    @LoopActor private func ofRows(_ node: Node) -> Commit {
        let first = node.desk.unsettledJobs[0]
        var second = node.desk.unsettledJobs[1]
        var agent = node.desk.state.agents[0]
        switch self {
        case .twoJobsInFlight: second.state = .sending
        case .twoJobsOfAMessage:
            second = Job(
                id: JobID(999), conversation: first.conversation, message: first.message,
                agent: first.agent, textDigest: first.textDigest,
                state: .queued(notBefore: node.now), attempts: 0)
        case .aNegativeCapacity: agent.capacity = -1
        case .aNegativeCountOfMissedOffers: agent.missedOffers = -1
        default:
            agent.presence = .offline
            agent.disconnectDeadline = node.now
        }
        return node.saying([.agentConnected(agent.id)]) { changes in
            changes.jobs = [second]
            changes.agents = [agent]
        }
    }

    @LoopActor private func ofNumbers(_ node: Node) -> Commit {
        let right = node.saying([.agentConnected(AgentID(7)), .agentConnected(AgentID(7))])
        let records = right.entries[0].records
        let wrong: [EventRecord]
        switch self {
        case .anEventNumberLeftOut: wrong = [records[0], records[1].with(number: 1_000)]
        case .anEventNumberTwice: wrong = [records[0], records[1].with(number: records[0].number)]
        case .anEventOfAnotherEpoch: wrong = [records[0], records[1].with(epoch: 77)]
        default: return right.changing(lastEvent: right.lastEvent - 1)
        }
        return right.changing(entries: [right.entries[0].with(records: wrong)])
    }
}

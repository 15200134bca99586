import Desk

@testable import Wire

/// What routing adds to the requests of a console.
enum RoutingRequests {
    private static let conversation = ConversationID(5)

    static let accepted: [(String, String, ConsoleCommand)] = [
        ("offer.accept", #"{"conversation":5}"#, .offerAccept(conversation)),
        (
            "offer.decline", #"{"conversation":5,"reason":"conflictOfInterest"}"#,
            .offerDecline(conversation, .conflictOfInterest)
        ),
        ("colleagues.read", "{}", .colleaguesRead),
        (
            "accounts.read", #"{"conversation":5,"purpose":"payment_dispute"}"#,
            .accountsRead(conversation, .paymentDispute)
        ),
        (
            "customer.link",
            #"{"conversation":5,"reference":"C-1001","purpose":"identity_check"}"#,
            .supervise(.customerLink(conversation, reference: "C-1001", .identityCheck))
        ),
        ("conversation.take", #"{"conversation":5}"#, .conversationTake(conversation)),
        (
            "conversation.transfer", #"{"conversation":5,"to":{"kind":"agent","id":8}}"#,
            .conversationTransfer(conversation, .agent(AgentID(8), isWarm: false))
        ),
        (
            "conversation.transfer",
            #"{"conversation":5,"to":{"warm":true,"kind":"agent","id":8,"note":[1]}}"#,
            .conversationTransfer(conversation, .agent(AgentID(8), isWarm: true))
        ),
        (
            "conversation.transfer", #"{"conversation":5,"to":{"kind":"queue","id":3}}"#,
            .conversationTransfer(conversation, .queue(QueueID(3)))
        ),
        (
            "conversation.transfer", #"{"conversation":5,"to":{"kind":"bot"}}"#,
            .conversationTransfer(conversation, .bot)
        ),
        (
            "conversation.move", #"{"conversation":5,"queue":3}"#,
            .supervise(.conversationMove(conversation, QueueID(3), overridesLimit: false))
        ),
        (
            "conversation.move", #"{"conversation":5,"queue":3,"overrideLimit":true}"#,
            .supervise(.conversationMove(conversation, QueueID(3), overridesLimit: true))
        ),
        (
            "conversation.assign", #"{"conversation":5,"agent":8}"#,
            .supervise(
                .conversationAssign(conversation, AgentID(8), overridesCapacity: false))
        ),
        (
            "conversation.assign", #"{"conversation":5,"agent":8,"overrideCapacity":true}"#,
            .supervise(.conversationAssign(conversation, AgentID(8), overridesCapacity: true))
        ),
        (
            "queue.close", #"{"queue":3,"until":900}"#,
            .supervise(.queueClose(QueueID(3), until: Instant(milliseconds: 900)))
        ),
        ("queue.open", #"{"queue":3}"#, .supervise(.queueOpen(QueueID(3), until: nil))),
        (
            "conversation.setPriority", #"{"conversation":5,"priority":10}"#,
            .supervise(.prioritySet(conversation, 10))
        ),
        (
            "conversation.setPriority", #"{"conversation":5,"priority":null}"#,
            .supervise(.prioritySet(conversation, nil))
        ),
        (
            "conversation.setNeeds",
            #"{"conversation":5,"needs":[{"skill":6,"level":2},{"level":5,"skill":7,"isFirm":true}],"#
                + #""compartment":4}"#,
            .supervise(
                .needsSet(
                    conversation,
                    [SkillLevel(SkillID(6), 2), SkillLevel(SkillID(7), 5, isFirm: true)],
                    CompartmentID(4)))
        ),
        (
            "conversation.setNeeds", #"{"conversation":5,"needs":[]}"#,
            .supervise(.needsSet(conversation, [], nil))
        ),
        (
            "conversation.explain", #"{"conversation":5}"#,
            .supervise(.explain(conversation))
        ),
        (
            "agent.setPresence", #"{"agent":8,"presence":"offline"}"#,
            .supervise(.presenceSet(AgentID(8), .offline))
        ),
        (
            "agent.setPresence", #"{"agent":8,"presence":"away","awayReason":3}"#,
            .supervise(.presenceSet(AgentID(8), .away, reason: AwayReasonID(3)))
        ),
        (
            "agent.setShiftEnd", #"{"agent":8,"shiftEnd":null}"#,
            .supervise(.shiftEndSet(AgentID(8), nil))
        ),
        (
            "agent.setShiftEnd", #"{"agent":8,"shiftEnd":1800000000000}"#,
            .supervise(.shiftEndSet(AgentID(8), Instant(milliseconds: 1_800_000_000_000)))
        ),
        (
            "agent.setProfile", #"{"agent":8,"profile":{}}"#,
            .supervise(.profileSet(AgentID(8), Profile()))
        ),
        (
            "agent.setProfile",
            #"{"agent":8,"profile":{"grade":2,"queues":[1,3],"skills":[{"skill":6,"level":4}],"#
                + #""compartments":[5],"barred":[11]}}"#,
            .supervise(
                .profileSet(
                    AgentID(8),
                    Profile(
                        grade: GradeID(2), queues: [QueueID(1), QueueID(3)],
                        skills: [SkillLevel(SkillID(6), 4)], compartments: [CompartmentID(5)],
                        barred: [CustomerID(11)])))
        ),
        (
            "agent.setProfile", #"{"agent":8,"profile":{"queues":[]}}"#,
            .supervise(.profileSet(AgentID(8), Profile(queues: [])))
        ),
    ]

    static let refused: [(String, String, ConsoleErrorCode, String)] = [
        ("offer.accept", "{}", .invalidParameters, "params.conversation"),
        (
            "presence.set", #"{"presence":"away","awayReason":0}"#, .invalidParameters,
            "params.awayReason"
        ),
        (
            "shift.setEnd", #"{"shiftEnd":"tonight"}"#, .invalidParameters, "params.shiftEnd"
        ),
        ("agent.setShiftEnd", "{}", .invalidParameters, "params.agent"),
        ("offer.decline", #"{"conversation":5}"#, .invalidParameters, "params.reason"),
        (
            "offer.decline", #"{"conversation":5,"reason":"tired"}"#, .invalidParameters,
            "params.reason"
        ),
        ("conversation.transfer", #"{"conversation":5}"#, .invalidParameters, "params.to"),
        (
            "conversation.transfer", #"{"conversation":5,"to":"bot"}"#, .invalidParameters,
            "params.to"
        ),
        (
            "conversation.transfer", #"{"conversation":5,"to":{"kind":"moon"}}"#,
            .invalidParameters, "params.to.kind"
        ),
        (
            "conversation.transfer", #"{"conversation":5,"to":{"kind":"agent"}}"#,
            .invalidParameters, "params.to.id"
        ),
        (
            "conversation.transfer", #"{"conversation":5,"to":{"kind":"queue","id":0}}"#,
            .invalidParameters, "params.to.id"
        ),
        (
            "conversation.transfer",
            #"{"conversation":5,"to":{"kind":"agent","id":8,"warm":"yes"}}"#,
            .invalidParameters, "params.to.warm"
        ),
        ("conversation.move", #"{"conversation":5}"#, .invalidParameters, "params.queue"),
        (
            "conversation.assign", #"{"conversation":5,"overrideCapacity":true}"#,
            .invalidParameters, "params.agent"
        ),
        (
            "conversation.setPriority", #"{"conversation":5,"priority":"high"}"#,
            .invalidParameters, "params.priority"
        ),
        ("conversation.setNeeds", #"{"conversation":5}"#, .invalidParameters, "params.needs"),
        (
            "conversation.setNeeds", #"{"conversation":5,"needs":[{"skill":6}]}"#,
            .invalidParameters, "params.needs[0].level"
        ),
        (
            "conversation.setNeeds",
            #"{"conversation":5,"needs":[{"skill":6,"level":1},{"skill":"x","level":1}]}"#,
            .invalidParameters, "params.needs[1].skill"
        ),
        ("agent.setPresence", #"{"agent":8}"#, .invalidParameters, "params.presence"),
        ("agent.setProfile", #"{"agent":8}"#, .invalidParameters, "params.profile"),
        (
            "agent.setProfile", #"{"agent":8,"profile":{"queues":[1,"2"]}}"#,
            .invalidParameters, "params.profile.queues[1]"
        ),
        (
            "agent.setProfile", #"{"agent":8,"profile":{"barred":[0]}}"#,
            .invalidParameters, "params.profile.barred[0]"
        ),
        ("conversation.explain", "{}", .invalidParameters, "params.conversation"),
    ]
}

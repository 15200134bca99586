import Desk
import Foundation
import Guard
import Testing

@testable import Wire

private let id = "0b7c2a54-93d1-4c9e-8f27-5d1d0a3c6e10"

@Suite struct ConsoleFrameTests {
    private static let state = Conversation(
        id: ConversationID(5), customer: CustomerID(4), thread: Digest(high: 1, low: 2),
        queue: QueueID(1), owner: .agent(AgentID(7)), handoffs: 2,
        waitingSince: Instant(milliseconds: 10), openedAt: Instant(milliseconds: 11),
        lastMessageAt: Instant(milliseconds: 12), customerWroteAt: Instant(milliseconds: 13),
        unread: 1)
    private static let stateJSON = """
        {"id":5,"customer":4,"queue":1,"owner":{"kind":"agent","id":7},"waitingSince":10,\
        "openedAt":11,"lastMessageAt":12,"customerWroteAt":13,"unread":1,"handoffs":2}
        """

    private static func same(_ frame: [UInt8], _ expected: String) throws {
        #expect(
            try foreignObject(frame) == foreignObject(bytes(expected)),
            "\(String(decoding: frame, as: UTF8.self))")
    }

    private static func document(_ change: (inout MessageDocument) -> Void) -> PushContext {
        var document = MessageDocument()
        change(&document)
        return PushContext(document: document.encode())
    }

    private static let conversation = ConversationID(5)
    private static let message = MessageID(41)
    private static let moment = Instant(milliseconds: 99)

    static let pushes = ownPushes + RoutingFrames.pushes
    private static let ownPushes: [(Event, PushContext, String)] = [
        (
            .customerMet(CustomerID(4), thread: Digest(high: 1, low: 2)), PushContext(),
            #""customer.met" {"customer":4}"#
        ),
        (
            .conversationOpened(conversation, CustomerID(4), QueueID(1)), PushContext(),
            #""conversation.opened" {"conversation":5,"customer":4,"queue":1}"#
        ),
        (
            .messageReceived(conversation, message, .text, writtenAt: moment),
            document {
                $0.text = "say \"hi\""
                $0.replyTo = "m_secret"
                $0.quickReply = "P"
                $0.attachments = [MessageDocument.Attachment(type: "image")]
            },
            #"""
            "message.received" {"conversation":5,"message":41,"kind":"text","writtenAt":99,
            "text":"say \"hi\"","attachments":[{"type":"image"}]}
            """#
        ),
        (
            .messageReceived(conversation, message, .postback, writtenAt: moment),
            document { $0.postback = MessageDocument.Postback(title: "Go", payload: nil) },
            #"""
            "message.received" {"conversation":5,"message":41,"kind":"postback","writtenAt":99,
            "postback":{"title":"Go"}}
            """#
        ),
        (
            .messageSentElsewhere(conversation, message, writtenAt: moment),
            document { $0.text = "bot" },
            #""message.elsewhere" {"conversation":5,"message":41,"writtenAt":99,"text":"bot"}"#
        ),
        (
            .messageWritten(conversation, message, AgentID(7), JobID(41)),
            document { $0.text = "hello" },
            #"""
            "message.written" {"conversation":5,"message":41,"agent":7,"job":41,"text":"hello"}
            """#
        ),
        (
            .announcementWritten(
                conversation, message, JobID(41), .waiting(position: 3, minutes: 12)),
            document { $0.text = "third" },
            #"""
            "message.announced" {"conversation":5,"message":41,"job":41,
            "announcement":{"kind":"waiting","position":3,"minutes":12},"text":"third"}
            """#
        ),
        (
            .announcementWritten(conversation, message, JobID(41), .nobodyThere(position: 3)),
            PushContext(),
            #"""
            "message.announced" {"conversation":5,"message":41,"job":41,
            "announcement":{"kind":"nobodyThere","position":3}}
            """#
        ),
        (
            .announcementWritten(conversation, message, JobID(41), .closed(opens: moment)),
            PushContext(),
            #"""
            "message.announced" {"conversation":5,"message":41,"job":41,
            "announcement":{"kind":"closed","opens":99}}
            """#
        ),
        (
            .announcementWritten(conversation, message, JobID(41), .closed(opens: nil)),
            PushContext(),
            #"""
            "message.announced" {"conversation":5,"message":41,"job":41,
            "announcement":{"kind":"closed"}}
            """#
        ),
        (
            .messagesDelivered(conversation, upTo: moment), PushContext(),
            #""message.delivered" {"conversation":5,"upTo":99}"#
        ),
        (
            .messagesRead(conversation, upTo: moment), PushContext(),
            #""message.read" {"conversation":5,"upTo":99}"#
        ),
        (
            .messageReacted(conversation, message, isRemoved: false),
            document { $0.reaction = "❤️" },
            #""message.reacted" {"conversation":5,"message":41,"removed":false,"emoji":"❤️"}"#
        ),
        (
            .messageReacted(conversation, nil, isRemoved: true), PushContext(),
            #""message.reacted" {"conversation":5,"removed":true}"#
        ),
        (
            .messageEdited(conversation, message), document { $0.text = "new" },
            #""message.edited" {"conversation":5,"message":41,"text":"new"}"#
        ),
        (
            .messageDeleted(conversation, message), PushContext(),
            #""message.deleted" {"conversation":5,"message":41}"#
        ),
        (
            .channelEventKept(conversation),
            document {
                $0.kind = "referral"
                $0.raw = bytes(#"{"sender":"secret"}"#)
            },
            #""event.kept" {"conversation":5,"kind":"referral"}"#
        ),
        (.channelEventKept(nil), PushContext(), #""event.kept" {}"#),
        (
            .ownerChanged(
                Handoff(
                    conversation: conversation, number: 2, from: .queue(QueueID(1)),
                    to: .agent(AgentID(7)), reason: .assigned)),
            PushContext(state: state),
            #"""
            "owner.changed" {"conversation":5,"number":2,"from":{"kind":"queue","id":1},
            "to":{"kind":"agent","id":7},"reason":"assigned","state":\#(stateJSON)}
            """#
        ),
        (
            .conversationRead(conversation, AgentID(7)), PushContext(),
            #""conversation.read" {"conversation":5,"agent":7}"#
        ),
        (
            .agentEntered(AgentID(7), capacity: 3), PushContext(agentName: "Ana"),
            #""agent.entered" {"agent":7,"capacity":3,"name":"Ana"}"#
        ),
        (.agentConnected(AgentID(7)), PushContext(), #""agent.connected" {"agent":7}"#),
        (
            .agentDisconnected(AgentID(7), deadline: moment), PushContext(),
            #""agent.disconnected" {"agent":7,"deadline":99}"#
        ),
        (
            .agentDisconnected(AgentID(7), deadline: nil), PushContext(),
            #""agent.disconnected" {"agent":7}"#
        ),
        (
            .presenceChanged(AgentID(7), .away, by: nil), PushContext(),
            #""presence.changed" {"agent":7,"presence":"away"}"#
        ),
        (
            .capacityChanged(AgentID(7), capacity: 0, by: AgentID(1)), PushContext(),
            #""capacity.changed" {"agent":7,"capacity":0,"by":1}"#
        ),
        (
            .jobChanged(
                JobID(41), conversation, message, .failed(.outsideWindow), attempts: 2),
            PushContext(),
            #"""
            "job.changed" {"job":41,"conversation":5,"message":41,"attempts":2,"state":"failed",
            "failure":"outsideWindow"}
            """#
        ),
        (
            .jobChanged(
                JobID(41), conversation, message, .unknown(deadline: moment), attempts: 1),
            PushContext(),
            #"""
            "job.changed" {"job":41,"conversation":5,"message":41,"attempts":1,"state":"unknown",
            "deadline":99}
            """#
        ),
        (.epochBegan, PushContext(), #""epoch.began" {}"#),
        (.inputQuarantined, PushContext(), #""input.quarantined" {}"#),
    ]

    @Test("Every event is pushed under its method, with the number before on each feed")
    func push() throws {
        var methods: Set<String> = []
        for (event, context, expected) in Self.pushes {
            let parts = expected.split(separator: " ", maxSplits: 1)
            let record = EventRecord(
                number: 42, at: Instant(milliseconds: 1_000), epoch: 3, event: event,
                audience: [AgentID(7)])
            let push = ConsolePush(record, context: context)
            methods.insert(event.method)
            for prev in [Int64(41), 0] {
                let members = parts[1].dropFirst().dropLast()
                try Self.same(
                    push.frame(prev: prev),
                    """
                    {"jsonrpc":"2.0","method":\(parts[0]),"params":{"epoch":3,"seq":42,
                    "prev":\(prev),"at":1000\(members.isEmpty ? "" : ","+members)}}
                    """)
            }
        }
        #expect(methods.count == 38)
    }

    @Test("No platform id, digest or raw event reaches a console")
    func discretion() {
        for (event, context, _) in Self.pushes {
            let record = EventRecord(
                number: 42, at: Instant(milliseconds: 1_000), epoch: 3, event: event,
                audience: [])
            let frame = ConsolePush(record, context: context).frame(prev: 1)
            let text = String(decoding: frame, as: UTF8.self)
            #expect(!text.contains("secret") && !text.contains("thread"))
        }
    }

    @Test("A document that cannot be read costs its text, not the push")
    func brokenDocument() throws {
        let record = EventRecord(
            number: 42, at: Instant(milliseconds: 1), epoch: 3,
            event: .messageEdited(Self.conversation, nil), audience: [])
        let push = ConsolePush(record, context: PushContext(document: bytes(#"{"text":"#)))
        try Self.same(
            push.frame(prev: 0),
            """
            {"jsonrpc":"2.0","method":"message.edited","params":{"epoch":3,"seq":42,"at":1,
            "conversation":5,"prev":0}}
            """)
    }

    private static let ana = PersonCard(
        id: AgentID(7), name: "Ana \"la jefa\"", roles: ["agent", "supervisor"])
    private static let anaJSON =
        #"{"id":7,"name":"Ana \"la jefa\"","roles":["agent","supervisor"]}"#
    private static let snapshot = ConsoleSnapshot(
        conversations: [state],
        agents: [
            AgentCard(
                agent: Agent(
                    id: AgentID(7), presence: .available, capacity: 3,
                    disconnectDeadline: nil, idleSince: Instant(milliseconds: 8),
                    connections: [ConnectionID(1)]),
                name: "Ana", load: 1),
            AgentCard(
                agent: Agent(
                    id: AgentID(8), presence: .away, capacity: 0,
                    disconnectDeadline: Instant(milliseconds: 50),
                    idleSince: Instant(milliseconds: 9),
                    presenceSince: Instant(milliseconds: 7), attendance: attendance),
                name: "", load: 0),
        ],
        jobs: [
            Job(
                id: JobID(41), conversation: conversation, message: message, agent: AgentID(7),
                textDigest: Digest(high: 0, low: 0),
                state: .queued(notBefore: Instant(milliseconds: 60)), attempts: 0)
        ])
    private static let attendance: Attendance = {
        var attendance = Attendance()
        attendance.awayReason = AwayReasonID(2)
        attendance.wrapUp = WrapUp(
            until: Instant(milliseconds: 20), step: 10, latest: Instant(milliseconds: 30))
        attendance.shiftEnd = Instant(milliseconds: 40)
        attendance.hasShiftEnded = true
        return attendance
    }()
    private static let emptyProfile = #"{"skills":[],"compartments":[],"barred":[]}"#
    private static let snapshotJSON = """
        {"conversations":[\(stateJSON)],"agents":[{"id":7,"name":"Ana","presence":"available",\
        "connected":true,"capacity":3,"load":1,"idleSince":8,"presenceSince":8,\
        "profile":\(emptyProfile)},{"id":8,"name":"",\
        "presence":"away","connected":false,"capacity":0,"load":0,"disconnectDeadline":50,\
        "idleSince":9,"presenceSince":7,"awayReason":2,\
        "wrapUp":{"until":20,"latest":30},"shiftEnd":40,"shiftEnded":true,"profile":\(emptyProfile)}],\
        "jobs":[{"id":41,"conversation":5,"message":41,"attempts":0,\
        "state":"queued","notBefore":60}]}
        """

    @Test func results() throws {
        let head = #"{"jsonrpc":"2.0","id":"\#(id)","result":"#
        try Self.same(ConsoleResult.done(id: id), head + "{}}")
        try Self.same(ConsoleResult.message(id: id, MessageID(41)), head + #"{"message":41}}"#)
        try Self.same(
            ConsoleResult.hello(
                id: id, epoch: 3, seq: 42, person: Self.ana, desk: RoutingFrames.desk, snapshot: nil
            ),
            head + #"{"mode":"resumed","epoch":3,"seq":42,"person":\#(Self.anaJSON),"#
                + #""desk":\#(RoutingFrames.deskJSON)}}"#)
        try Self.same(
            ConsoleResult.hello(
                id: id, epoch: 3, seq: 42, person: Self.ana, desk: RoutingFrames.desk,
                snapshot: Self.snapshot),
            head
                + #"{"mode":"snapshot","epoch":3,"seq":42,"person":\#(Self.anaJSON),"#
                + #""desk":\#(RoutingFrames.deskJSON),"snapshot":\#(Self.snapshotJSON)}}"#)
    }

    @Test func notices() throws {
        try Self.same(
            ConsoleNotice.interrupted(true),
            #"{"jsonrpc":"2.0","method":"server.interrupted","params":{"interrupted":true}}"#)
        try Self.same(
            ConsoleNotice.draining(reconnectAfterMilliseconds: 1_500),
            #"{"jsonrpc":"2.0","method":"server.draining","params":{"reconnectAfterMs":1500}}"#)
        try Self.same(
            ConsoleNotice.snapshot(
                epoch: 3, seq: 42, person: Self.ana, desk: RoutingFrames.desk, Self.snapshot),
            #"{"jsonrpc":"2.0","method":"snapshot","params":{"epoch":3,"seq":42,"#
                + #""person":\#(Self.anaJSON),"desk":\#(RoutingFrames.deskJSON),"#
                + #""snapshot":\#(Self.snapshotJSON)}}"#)
    }

    private static var messages: [TranscriptMessage] {
        var note = MessageDocument()
        note.kind = "referral"
        note.raw = bytes(#"{"secret":1}"#)
        return [
            TranscriptMessage(
                id: MessageID(1), kind: .text, writtenAt: Instant(milliseconds: 1),
                recordedAt: Instant(milliseconds: 2),
                document: MessageDocument(text: "old").encode(),
                edit: MessageDocument(text: "new").encode(), reactions: ["❤️"]),
            TranscriptMessage(
                id: MessageID(2), kind: .reply, writtenAt: Instant(milliseconds: 3),
                recordedAt: Instant(milliseconds: 3), author: AgentID(7),
                document: MessageDocument(text: "hello").encode(), replyTo: MessageID(1),
                sending: .init(job: JobID(2), state: .unconfirmed)),
            TranscriptMessage(
                id: MessageID(3), kind: .text, writtenAt: Instant(milliseconds: 4),
                recordedAt: Instant(milliseconds: 4),
                document: MessageDocument(text: "gone").encode(), isDeleted: true),
            TranscriptMessage(
                id: MessageID(4), kind: .note, writtenAt: Instant(milliseconds: 5),
                recordedAt: Instant(milliseconds: 5), document: note.encode()),
        ]
    }

    /// Every kind of answer and notice once.
    static var answers: [[UInt8]] {
        [
            ConsoleResult.done(id: id), ConsoleResult.message(id: id, MessageID(41)),
            ConsoleResult.hello(
                id: id, epoch: 3, seq: 42, person: ana, desk: RoutingFrames.desk, snapshot: nil),
            ConsoleResult.hello(
                id: id, epoch: 3, seq: 42, person: ana, desk: RoutingFrames.desk, snapshot: snapshot
            ),
            ConsoleResult.transcript(
                id: id, messages, more: true, deliveredUpTo: Instant(milliseconds: 4),
                readUpTo: Instant(milliseconds: 3)),
            ConsoleNotice.draining(reconnectAfterMilliseconds: 1_500),
            ConsoleNotice.interrupted(true),
            ConsoleResult.colleagues(id: id, [(id: AgentID(8), name: "Ben")]),
            ConsoleResult.accounts(id: id, .unconfigured),
            ConsoleResult.accounts(id: id, .unlinked),
            ConsoleResult.accounts(id: id, .read(AccountContext(accounts: .unavailable))),
            ConsoleResult.accounts(id: id, .read(BankTests.context)),
            ConsoleResult.explanation(id: id, RoutingFrames.explanation),
            ConsoleNotice.deskChanged(RoutingFrames.desk),
            ConsoleNotice.takeable([RoutingFrames.waiting]), RoutingFrames.service.encode(),
            ConsoleNotice.snapshot(
                epoch: 3, seq: 42, person: ana, desk: RoutingFrames.desk, snapshot),
        ]
    }

    @Test func transcript() throws {
        try Self.same(
            ConsoleResult.transcript(
                id: id, Self.messages, more: true, deliveredUpTo: Instant(milliseconds: 4),
                readUpTo: nil),
            #"""
            {"jsonrpc":"2.0","id":"\#(id)","result":{"messages":[
            {"id":1,"kind":"text","writtenAt":1,"recordedAt":2,"text":"new","edited":true,
            "reactions":["❤️"]},
            {"id":2,"kind":"reply","writtenAt":3,"recordedAt":3,"author":7,"text":"hello",
            "replyTo":1,"job":{"id":2,"state":"unconfirmed"}},
            {"id":3,"kind":"text","writtenAt":4,"recordedAt":4,"deleted":true},
            {"id":4,"kind":"note","writtenAt":5,"recordedAt":5,"event":"referral"}],"more":true,
            "deliveredUpTo":4}}
            """#)
    }

    @Test func problems() throws {
        try Self.same(
            ConsoleProblem(id: id, rejection: Rejection(.notOwner, field: "conversation"))
                .encode(),
            #"""
            {"jsonrpc":"2.0","id":"\#(id)","error":{"code":4002,
            "message":"The conversation belongs to somebody else.",
            "data":{"code":"notOwner","field":"params.conversation"}}}
            """#)
        // The Engine judges the id, which is no parameter.
        #expect(ConsoleProblem(id: id, rejection: Rejection(.keyReused, field: "id")).field == "id")
        try Self.same(
            ConsoleProblem(id: id, guarded: [.card, .iban]).encode(),
            #"""
            {"jsonrpc":"2.0","id":"\#(id)","error":{"code":4013,
            "message":"The text holds what may not be sent to the customer.",
            "data":{"code":"guarded","field":"params.text","kinds":["card","iban"]}}}
            """#)
        // The Engine judges the id, which is no parameter.
        #expect(ConsoleProblem(id: id, rejection: Rejection(.keyReused, field: "id")).field == "id")
        try Self.same(
            ConsoleProblem(id: nil, code: .parseError).encode(),
            #"""
            {"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"The frame is not JSON.",
            "data":{"code":"parseError"}}}
            """#)
        for code in Rejection.Code.allCases {
            #expect(ConsoleErrorCode(code).name == code.rawValue)
        }
    }

    @Test func sessionDocuments() throws {
        try Self.same(
            SessionDocument.person(Self.ana, desk: 1), #"{"person":\#(Self.anaJSON),"desk":1}"#)
        try Self.same(
            SessionDocument.ticket("t", expiresInSeconds: 30),
            #"{"ticket":"t","expiresInSeconds":30}"#)
        try Self.same(
            Problem(.invalidRequest, field: "desk").encode(),
            #"""
            {"type":"about:blank","title":"Bad Request","status":400,
            "detail":"The request is not what this path expects.","field":"desk",
            "code":"invalidRequest"}
            """#)
    }
}

/// Everything that the auditor judges: one numbered list, each line with the promise of the design that
/// it is part of. A line is broken by at least one planted fault, which a test sees to.
enum Line: String, CaseIterable {
    case keyStoredOnce = "P1: a key is stored once"
    case messageRecordedOnce = "P1: a message of the platform is recorded once"
    case eventsWithoutGap = "P1: events are numbered one after the other"
    case answerIsTheStoredOne = "P1: a command is always answered with what is stored under its key"
    case commandStaysStored = "P1: an acknowledged command is stored at the end"
    case webhookStaysStored = "P1: an acknowledged webhook is stored exactly once at the end"
    case reloadIsTheState = "P1: what a reload reads after a commit is the state that the desk has"
    case agentRowIsTrue = "P1: the row of an agent says what the events say"
    case awayReasonOnRecord = "P1: why somebody is away is on record as they said it"

    case onlyOwningEpochWrites = "P2: only the epoch that owns the desk writes"
    case epochsAscend = "P2: no event is of an earlier epoch than the one before it"
    case oneOwner = "P2: the row of a conversation names the owner that the events name"
    case offerRowIsTrue = "P2: the row of a conversation names the offer that the events name"
    case oneConversationEach = "P2: a customer has one conversation"
    case customerMetOnce = "P2: a customer is met once"
    case originRowIsTrue =
        "P2: the row of a conversation names the channel and page by which its customer writes"
    case onlyOwnerWrites = "P2: only the owner writes to the customer"
    case givenFromQueue = "P2: the desk gives and offers only what waits in a queue"
    case offeredToOne = "P2: a conversation is offered to one agent at a time"
    case passedOnByOwner = "P2: what is passed on has an owner, and goes to another"
    case endedOfferStood = "P2: an offer that ends stood"
    case acceptedWasOffered = "P2: who is given what they accepted was offered it"
    case givenByWhoMay = "P2: only its owner or a supervisor takes a conversation from an agent"

    case room = "P3: nobody is given or offered more than they have room for"
    case overrideWasOrdered = "P3: nobody is given too much unless a supervisor said so"

    case nobodyIdles = "P4: nothing waits that an agent who may be given work could take"
    case rankOrder = "P4: who is given is the first in rank who can be served"
    case turnOfAgents = "P4: who is given work is the first by the configured order of turns"
    case onlyWhomItIsFor =
        "P4: who is given work fits it, did not decline it, and it is kept for nobody else"
    case nobodyWhoMustNot = "P4: nobody serves a customer whom they are barred from or may not see"
    case takenByWhoMay = "P4: what is taken waits in an open list whose agents take themselves"
    case closedGivesNothing = "P4: nothing is given out of a closed queue"
    case fullTakesNothing = "P4: no person puts anything into a queue that is full"
    case overLimitWasOrdered =
        "P4: nothing is put into a full queue unless a supervisor said so, and only then on record"
    case roomIsKept = "P4: room that is kept for heavier work is given to nothing lighter"
    case queueTurnsForReason = "P4: a queue opens and closes only when its hours or an order say so"
    case queueTurnsInTime = "P4: a queue opens and closes at the moment"
    case closedOverflows = "P4: what waits in a queue that closes goes where its overflow says"
    case whoLetsPassIsAway = "P4: who lets too many offers pass is set away"
    case awayForMissedOffers = "P4: nobody is set away who let fewer offers pass"
    case beginsWhereItsPageSays =
        "P4: a conversation begins in the queue that is named for its page or channel, or overflows"
    case lessIsAskedForInTime = "P4: less is asked for when the wait is long enough"
    case lessIsAskedForWhenDue = "P4: as much less is asked for as the wait says, and no more"
    case overflowsInTime = "P4: what waits too long overflows at the moment"
    case overflowsForReason =
        "P4: nothing overflows but what has waited for it or whose queue closes"
    case entersWhereThereIsRoom = "P4: who comes enters the first queue that has room for them"
    case goneAreGivenUp = "P4: who fell silent is given up at the moment"
    case onlyTheAvailableWriteUp = "P4: only who was available has a wrap-up"
    case wrapUpHasCause = "P4: a wrap-up comes of what was let go of, or was asked for"
    case wrapUpAsLongAsSaid = "P4: a wrap-up is as long as its queue says"
    case wrapUpNotShortened = "P4: a wrap-up is never shortened"
    case wrapUpNotTooLong = "P4: a wrap-up is not extended beyond its longest"
    case wrapUpEnds = "P4: a wrap-up ends at its moment"

    case onlyWhoTakesWork = "P5: nobody is given work who is not there or takes none"
    case goneOwnsNothing = "P5: who is gone owns nothing after the stored deadline"
    case offeredToWhoIsThere = "P5: nothing stays offered to who is gone"
    case offerStandsItsTime = "P5: an offer stands until its deadline"
    case offerAcceptedInTime = "P5: an offer is accepted before its deadline"
    case offerEnds = "P5: an offer ends at its deadline"
    case shiftEndsInTime = "P5: a shift does not end before its moment"
    case shiftEnds = "P5: a shift ends at its moment"
    case whoFinishedLeaves = "P5: who has finished and holds nothing is offline"

    case handoffChain = "P6: each handoff begins where the one before ended"
    case handoffHasRow = "P6: each handoff has its row"
    case handoffToAgentHasReason =
        "P6: a conversation comes to an agent for a reason that gives it to one"
    case settingHasOrder = "P6: what was set follows from an order on record"
    case configuredOnItsBasis = "P6: a configuration follows the version that it was made upon"
    case configurationWorks =
        "P6: no configuration comes into force whose queues overflow in a circle"
    case queuesAreServable =
        "P6: no configuration comes into force with a queue that nobody could serve"
    case choiceOnRecord = "P6: each choice of an agent is on record"
    case choiceAsItWas = "P6: a choice on record is what it was"

    case commandAnsweredOnceStored = "P7: a command is acknowledged once it is stored"
    case webhookAnsweredOnceStored = "P7: a webhook is acknowledged once it is stored"
    case pushIsCommitted = "P7: an event is pushed once it is committed"
    case shownIsCommitted = "P7: what is shown beside an event is committed"
    case snapshotIsCommitted = "P7: a snapshot shows what is committed"
    case postedOnceBegun = "P7: a message leaves once its beginning is committed"

    case jobStepIsKnown = "P8: a message to a customer takes no step but those there are"
    case attemptsCounted = "P8: each attempt to send is counted"
    case jobsLeaveOneAtATime = "P8: of a conversation one message at a time leaves"
    case jobsLeaveInOrder = "P8: the messages of a conversation leave in order"
    case postedOncePerAttempt = "P8: an attempt posts once"
    case takenNotResent = "P8: what was taken is not posted again by the machine"
    case takenNotQueuedAgain = "P8: what was taken is not queued again by the machine"
    case refusedWasNotTaken = "P8: what is said to be refused is not taken"
    case resentByPersonAlone = "P8: what failed or is unconfirmed is sent again by a person alone"
    case sentWasTaken = "P8: what counts as sent was taken"

    case onFeedOfWhomItConcerns = "P9: an event is on the feed of every agent it concerns"
    case feedIsTheirOwn = "P9: a console sees events of its own feed alone"
    case feedInOrder = "P9: each push follows the one that it names"
    case feedWithoutGap = "P9: a console is given every event of its feed"
    case snapshotIsTheState = "P9: a snapshot is the state at its number"

    case waitingClockKept = "P13: the waiting clock is kept"

    case deskIsOwned = "liveness: somebody owns the desk"
    case nodesGoOn = "liveness: no node stops for a person"
    case nobodyWaits = "liveness: nobody still waits whom anybody there could serve"
    case nobodyIsLeftWithTheBot = "liveness: nobody is left with the bot, which is not there"
    case nothingIsOffered = "liveness: nothing is still on offer"
    case jobsAreSettled = "liveness: every message to a customer is settled"
    case consolesAreConnected = "liveness: every console is connected"
    case commandsAreAnswered = "liveness: every command is answered"
    case consolesHaveSeen = "liveness: every console has seen something"

    case toldWhereAsked = "customer: only where a queue announces a customer is told of the wait"
    case toldWhileWaiting = "customer: only who waits is told of the wait"
    case toldSeldom = "customer: nobody is told of the wait more often than the queue says"
    case toldOneAtATime = "customer: nobody is told of the wait while they are being told"
    case toldWithinWindow = "customer: nobody is told of the wait outside the platform's window"
    case toldPlaceIsTrue = "customer: the place that is told is true"
    case toldWaitIsTrue = "customer: the wait that is told is the expected one"
    case toldPresenceIsTrue = "customer: a wait is told when somebody is there, and else none"
    case toldWhileOpen = "customer: a place is told only while the queue is open"
    case toldClosingIsTrue =
        "customer: that a queue is closed is told while it is, and when it truly opens"
    case toldInItsWords = "customer: what is told is what was decided"
    case givenUpInTime = "customer: nobody is given up who did not fall silent for long enough"

    case warnedForReason = "customer: a target is warned of only when so much of its time is left"
    case brokenForReason = "customer: a target is broken only when its opening time is over"
    case targetStepsInTime = "customer: a target is warned of and broken at the moment"
    case keptAsItWas = "customer: a target is met in time or late as it was"
    case targetRowIsTrue = "customer: the row of a conversation has the target that runs"
    case escalates = "customer: at a warning and a breach that happens which the queue says"
    case escalatesToItsQueue =
        "customer: what waits goes at a warning and a breach where the queue says"
    case escalatedForReason =
        "customer: nothing is sent on as escalated but by a warning or a breach"

    /// Its number in the list, from 1.
    var number: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }

    /// The promise that it is part of.
    var promise: Substring { rawValue.prefix { $0 != ":" } }
}

/// A line that was broken, with what shows it.
struct Violation: CustomStringConvertible, Sendable {
    let line: Line
    let time: Int64
    let text: String

    var description: String { "\(line.promise) (line \(line.number)) at \(time) ms: \(text)" }
}

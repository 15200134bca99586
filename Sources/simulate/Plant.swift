import Desk

/// A fault put on purpose into a seam between the real components, to prove that the auditor finds
/// it. The real components carry no switch for it.
enum Plant: String, CaseIterable {
    /// The store answers a prefetch without the keys it knows.
    case forgetKeys
    /// The store writes under an epoch that is over.
    case skipEpochCheck
    /// The store now and then leaves a conversation's row as it was.
    case staleRow
    /// The store reads every capacity back as two more.
    case inflateCapacity
    /// The store leaves waiting conversations out of a reload.
    case forgetWaiting
    /// The store reads stored deadlines back an hour late.
    case loseDeadline
    /// The shell never tells of a socket that closed.
    case forgetClosedSocket
    /// The store now and then drops a handoff's row.
    case dropHandoff
    /// The store keeps no choice's word of whom it passed over.
    case hidePassedOver
    /// The shell pushes a batch's events before its commit.
    case pushBeforeCommit
    /// The gateway acknowledges a webhook as it arrives.
    case acknowledgeOnArrival
    /// The shell posts a message before its beginning is committed.
    case postBeforeCommit
    /// The sender calls an unknown outcome a failure worth another try.
    case unknownAsRetry
    /// The shell leaves out the first event when it resumes a feed.
    case skipAtResume
    /// The store starts the waiting clock anew when an agent's conversation returns.
    case renewWaiting
    /// The store leaves offers out of a reload: what is offered is offered again.
    case forgetOffers
    /// The store reads the deadlines of offers back an hour late.
    case lateOffers
    /// The store forgets who declined.
    case forgetDeclines
    /// The store reads back as much more capacity as an agent is offered: offers take no room.
    case capacityWithoutOffers
    /// The store reads every skill back as everybody's.
    case ignoreSkills
    /// The store reads queues back without their relaxations.
    case neverRelax
    /// The store starts the waiting clock anew when a conversation overflows.
    case renewAtOverflow
    /// The store starts the waiting clock anew at a transfer.
    case renewAtTransfer
    /// The store reads queues back whose relaxations come at once.
    case hurryRelaxations
    /// The store keeps of every relaxation that one step more is in force.
    case relaxOneMore
    /// The store reads queues back that overflow at once.
    case hurryOverflows
    /// The store reads queues back that are full with one.
    case shortenQueues
    /// The store reads who writes up back as available.
    case forgetWrapUps
    /// The store reads the ends of wrap-ups back an hour late.
    case lateWrapUps
    /// The store forgets the ends of shifts.
    case forgetShiftEnds
    /// The store does not keep why somebody is away.
    case dropAwayReasons
    /// The gateway lets a supervisor exceed capacity who did not say so.
    case overrideUnsaid
    /// The gateway lets a supervisor fill a full queue who did not say so.
    case overfillUnsaid
    /// The store forgets what customers were told of their wait.
    case forgetTold
    /// The shell words another wait than was decided.
    case misquote
    /// The store forgets how fast queues are served.
    case forgetPace
    /// A commit says another place than was decided.
    case misplace
    /// Another opening of a closed queue is kept than was told.
    case misopen
    /// A place is kept as told while the queue was closed.
    case overlookClosing
    /// The store reads back that customers fell silent an hour ago.
    case hurryAbandonment
    /// The store reads queues back without the time after which customers are given up.
    case neverAbandon
    /// The store forgets who has been idle longest: the first in the list wins every tie.
    case forgetTurns
    /// The store reads back as much more capacity as an agent holds outside the first queue: each
    /// queue counts its own alone.
    case capacityPerQueue
    /// The store reads every capacity back as one less.
    case deflateCapacity
    /// The store reads every agent back as of every queue.
    case ignoreQueues
    /// The store forgets by which order agents have their turns.
    case forgetTurnOrder
    /// The store reads heavy work back as light.
    case ignoreWeights
    /// The store forgets what priority a person gave to a conversation.
    case forgetPriorities
    /// The store reads waiting times back so that the last to come is served first.
    case lastComeFirst
    /// The store reads who is away back as available.
    case wakeTheAway
    /// The gateway writes a supervisor's assignment into the row as well, beside the rules.
    case writeBeside
    /// The gateway lets an agent take what another has.
    case takeOver
    /// The store says that a closed conversation is still its last agent's when the customer writes.
    case reopenToLast
    /// The store answers a prefetch without the conversations it knows.
    case forgetThreads
    /// The store calls what it cannot take unavailable: the same batch comes again and again.
    case poisonAsUnavailable
    /// The shell now and then loses a push.
    case losePush
    /// The shell leaves an agent on the feed of everything they once held.
    case stayOnFeed
    /// The store now and then leaves an agent's row as it was.
    case skipRows
    /// The store loses the key that was written last before each reload.
    case loseKeys
    /// The store grants the lease once and never again.
    case refuseLease
    /// The store calls what relaxes by the clock bad data.
    case poisonTheClock
    /// The store now and then leaves an offer in the row that has ended.
    case staleOffers
    /// The store forgets whom an agent must not serve, and what they must not see.
    case forgetBars
    /// The store reads queues back without their overflow.
    case neverOverflow
    /// The store forgets that customers are kept for the agents whom they know.
    case forgetReservations
    /// The store reads back that no room is kept for heavy work.
    case passHeavyWork
    /// The store forgets what work weighs over some channels.
    case forgetChannelWeights
    /// The store reads back that everybody writes by Messenger.
    case mistakeChannels
    /// The store forgets where the conversations of pages and channels begin.
    case forgetEntries
    /// The store reads queues back without their limits.
    case forgetLimits
    /// The store forgets that queues are closed.
    case forgetClosings
    /// The store reads the deadlines of offers back an hour early.
    case earlyOffers
    /// The store reads the ends of shifts back an hour early.
    case earlyShiftEnds
    /// The store reads back that wrap-ups may be extended for an hour.
    case endlessWrapUps
    /// The store reads every queue back as one that announces.
    case announceEverywhere
    /// The store forgets how often a message was tried.
    case forgetAttempts
    /// The store leaves messages that may have left out of a reload.
    case forgetSending
    /// The store leaves some messages that are to leave out of a reload.
    case forgetQueued
    /// The store keeps every other end of a wrap-up five seconds too early.
    case mistimeWrapUps
    /// The store keeps another reason for each handoff to an agent.
    case misgiveReasons
    /// Work that the desk gave is kept as accepted by the agent.
    case mistakeAcceptance
    /// The store keeps no choice.
    case dropChoices
    /// The store now and then keeps nobody as whom an event concerns.
    case dropAudience
    /// The store keeps each conversation as one of two customers.
    case mixCustomers
    /// The store keeps what customers wrote as written a day earlier.
    case ageMessages
    /// The store keeps every offer of the desk as one of a colleague.
    case misnameOffers
    /// The store keeps what agents close as passed on to the bot.
    case leaveToTheBot
    /// The store now and then does not keep that an offer ended.
    case hideOfferEnds
    /// The store keeps that a message left as that nobody knows.
    case skipSteps
    /// The store forgets how many offers an agent may let pass.
    case forgiveMissedOffers
    /// The store reads back that everybody let many offers pass.
    case blameEverybody
    /// The store reads back that the orders about queues ended an hour ago.
    case earlyTurns
    /// The store reads the ends of promises back an hour early.
    case earlyTargets
    /// The store reads the ends of promises back an hour late.
    case lateTargets
    /// The store forgets what was promised.
    case forgetTargets
    /// The store reads targets back without what is to be done about them.
    case neverEscalate
    /// The store reads targets back that send what waits elsewhere.
    case escalateElsewhere
    /// The store keeps what overflows as escalated.
    case mistakeOverflows
    /// The gateway drops why somebody says that they are away.
    case forgetReasonsSaid
    /// The gateway closes what was read.
    case closeOnRead
    /// The gateway drops upon which version a configuration was made.
    case dropBasis
    /// The gateway mends a configuration that cannot work, and tells nobody.
    case mendSilently
    /// The gateway sets the profile of another than the supervisor meant.
    case setAnother
    /// The shell answers a command with another result than was stored.
    case misanswer
    /// The gateway acknowledges a command as it arrives.
    case answerOnArrival
    /// The gateway never answers some commands.
    case loseAnswers
    /// The shell shows beside an event what the desk holds by now.
    case showTheDesk
    /// The shell shows a snapshot before what it shows is committed.
    case showBeforeCommit
    /// The shell leaves a conversation out of a snapshot.
    case shortenSnapshots
    /// The shell never shows a supervisor anything.
    case loseSnapshots
    /// The sender posts every message twice.
    case postTwice
    /// The sender calls a message refused that is still on its way.
    case hastyRefusal
    /// The sender calls a refused message sent.
    case failureAsSent
    /// The shell orders by itself that what failed is sent again.
    case resendByMachine
}

extension Plant? {
    /// Whether this fault starts the waiting clock anew at this change of owner.
    func isRenewal(from former: Owner?, to owner: Owner) -> Bool {
        switch (self, former, owner) {
        case (.renewWaiting, .agent, .queue): true
        case (.renewAtOverflow, .queue(let left), .queue(let entered)): left != entered
        case (.renewAtTransfer, .agent(let sender), .agent(let receiver)): sender != receiver
        default: false
        }
    }
}

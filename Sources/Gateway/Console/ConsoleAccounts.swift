import BankReader
import Desk
import DeskRunner
import EventLoop
import Logging
import Store
import Wire

/// A customer's accounts beside the conversation (promise P10): to the console of the agent who holds it
/// and asked, masked, and only once the look is on record with its purpose. Nothing of it is an input,
/// an event or a push.
extension ConsoleHub {
    /// Reads the accounts and answers this console alone.
    ///
    /// Who holds the conversation is looked at three times, because each wait may change it: before
    /// the bank is asked, when its answer is there, and, the record being written, in the same turn of
    /// the loop in which the answer is sent.
    func readAccounts(
        of conversation: ConversationID, for purpose: AccountPurpose, _ request: ConsoleRequest,
        _ console: ConsoleSocket
    ) {
        guard console.isAgent, let person = console.person else {
            return refuse(request, .forbidden, field: "method", to: console)
        }
        let look = AccountAccess(
            at: runner.now(), person: person, conversation: conversation,
            purpose: purpose.rawValue, outcome: .refused)
        guard holds(conversation, person) else {
            return refuseLook(look, request, console)
        }
        guard let bank else {
            return send(ConsoleResult.accounts(id: request.id, .unconfigured), to: console)
        }
        guard looks < ConsoleLimits.looks else {
            return refuse(request, .tooManyRequests, field: "method", to: console)
        }
        looks += 1
        startOnLoop {
            await self.lookAtAccounts(look, bank, request, console)
            self.looks -= 1
        }
    }

    private func lookAtAccounts(
        _ asked: AccountAccess, _ bank: BankReader, _ request: ConsoleRequest,
        _ console: ConsoleSocket
    ) async {
        do throws(StoreError) {
            let found = try await store.accountSubject(of: asked.conversation, for: asked.person)
            guard let reference = found.reference else {
                return send(ConsoleResult.accounts(id: request.id, .unlinked), to: console)
            }
            guard holds(asked.conversation, asked.person) else {
                return refuseLook(asked, request, console)
            }
            let answer = await bank.look(ask(asked, found, reference))
            var look = asked
            look.at = runner.now()
            look.interactions = answer.interactions
            look.outcome = holds(look) ? answer.context.outcome : .dropped
            try await store.record(look)
            guard look.outcome != .dropped, holds(look) else {
                return drop(look, request, console)
            }
            BankMetrics.countAccess(look.outcome.word)
            send(ConsoleResult.accounts(id: request.id, .read(answer.context)), to: console)
        } catch {
            // Not on record, so not shown. The second guard in the database may have found first that
            // the conversation is another's.
            let isAnothers = error == .refused(constraint: "account_accesses_of_the_owner")
            if isAnothers { return refuseLook(asked, request, console) }
            log.error(
                "a look at accounts could not be put on record",
                metadata: [
                    "reason": "\(error)", "conversation": "\(asked.conversation.number)",
                    "person": "\(asked.person.number)",
                ])
            BankMetrics.countAccess("unrecorded")
            refuse(request, .unavailable, field: "method", to: console)
        }
    }

    private func ask(
        _ look: AccountAccess, _ found: AccountSubject, _ reference: [UInt8]
    ) -> AccountAsk {
        AccountAsk(
            grant: BankGrant(
                person: look.person.number, customer: found.customer.number,
                conversation: look.conversation.number),
            reference: String(decoding: reference, as: UTF8.self), issuer: found.issuer,
            subject: found.subject, purpose: look.purpose)
    }

    /// Ties a customer to the bank. The caller has checked that this is a supervisor.
    func linkCustomer(
        of conversation: ConversationID, reference: String, for purpose: AccountPurpose,
        by person: AgentID, _ request: ConsoleRequest, _ console: ConsoleSocket
    ) {
        // Who ties a customer to an account is never who looks at it.
        guard !holds(conversation, person) else {
            return refuse(request, .forbidden, field: "params.conversation", to: console)
        }
        startOnLoop {
            do throws(StoreError) {
                try await self.store.linkCustomer(
                    of: conversation, reference: Array(reference.utf8), by: person,
                    purpose: purpose.rawValue, at: self.runner.now())
                self.bank?.forget(conversation: conversation.number)
                BankMetrics.countAccess("linked")
                self.send(ConsoleResult.done(id: request.id), to: console)
            } catch {
                switch error {
                case .notFound:
                    self.refuse(request, .notFound, field: "params.conversation", to: console)
                default: self.refuse(request, .unavailable, field: "method", to: console)
                }
            }
        }
    }

    /// What is held of a conversation is forgotten when its owner changes.
    func forgetAccounts(of conversation: ConversationID, owner: Owner) {
        guard let bank else { return }
        switch owner {
        case .agent(let person):
            bank.forget(conversation: conversation.number, exceptOf: person.number)
        case .nobody, .bot, .queue: bank.forget(conversation: conversation.number)
        }
    }

    private func holds(_ look: AccountAccess) -> Bool { holds(look.conversation, look.person) }

    /// The answer came when the conversation was another's: it is forgotten, and that is said.
    private func drop(
        _ look: AccountAccess, _ request: ConsoleRequest, _ console: ConsoleSocket
    ) {
        BankMetrics.countAccess("dropped")
        refuse(request, .notOwner, field: "params.conversation", to: console)
    }

    /// Who asks for what is not theirs is told so and put on record; the answer waits for neither.
    private func refuseLook(
        _ look: AccountAccess, _ request: ConsoleRequest, _ console: ConsoleSocket
    ) {
        BankMetrics.countAccess("refused")
        refuse(request, .notOwner, field: "params.conversation", to: console)
        startOnLoop {
            do { try await self.store.record(look) } catch {
                self.log.error(
                    "a refused look at accounts could not be put on record",
                    metadata: ["reason": "\(error)", "person": "\(look.person.number)"])
            }
        }
    }
}

extension AccountContext {
    /// What showing this is, for the record.
    fileprivate var outcome: AccountAccess.Outcome {
        let resources = shown
        guard !resources.isEmpty else { return .unavailable }
        return .shown(resources, isWhole: isWhole)
    }

    private var shown: [AccountAccess.Resource] {
        guard case .read(let accounts, _, _) = accounts else { return [] }
        return AccountAccess.Resource.allCases.filter { resource in
            switch resource {
            case .accounts: true
            case .balances: accounts.contains { $0.balances != .unavailable }
            case .transactions: accounts.contains { $0.transactions != .unavailable }
            }
        }
    }
}

extension AccountAccess.Outcome {
    /// For a metric.
    fileprivate var word: String {
        switch self {
        case .shown(_, let isWhole): isWhole ? "shown" : "partly"
        case .unavailable: "unavailable"
        case .refused: "refused"
        case .dropped: "dropped"
        }
    }
}

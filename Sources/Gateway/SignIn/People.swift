import Desk
import EventLoop
import Store
import Wire

/// The names of the people of the desk, for the screen. The desk's rules know numbers alone.
@LoopActor final class People {
    private let store: Store
    private var names: [AgentID: String] = [:]

    init(store: Store) { self.store = store }

    func learn(_ session: Session) { names[session.person] = session.name }

    /// The name to show; a person whose name was not read yet is shown by number.
    func name(of person: AgentID) -> String { names[person] ?? "Agent \(person.number)" }

    func card(_ session: Session) -> PersonCard {
        PersonCard(id: session.person, name: session.name, roles: session.roles)
    }

    /// Reads the names of these people, those known already left out.
    func read(_ people: [AgentID]) {
        let unknown = people.filter { names[$0] == nil }
        guard !unknown.isEmpty else { return }
        startOnLoop {
            guard let found = try? await self.store.names(of: unknown) else { return }
            self.names.merge(found) { old, _ in old }
        }
    }
}

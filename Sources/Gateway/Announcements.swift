public import Desk
import DeskRunner
import Guard
public import Store
import Wire

/// What the desk announces, in words: the one place where its own messages get their text.
public enum Announcements {
    /// Words an announcement by the templates of its queue. Like a reply of a person it is judged by
    /// the guard (promise P11); what the guard refuses is not announced.
    public static func composer(_ digester: Digester) -> Composer {
        { announcement, queue in
            guard let text = text(of: announcement, queue) else { return nil }
            guard Verdict(on: text) == .allowed else { return nil }
            return Wording(
                textDigest: digester.digest(
                    DigestDomain.text, MessageText.digestMaterial(text)),
                body: MessageDocument(text: text).encode())
        }
    }

    /// The template with its numbers; `nil` where the queue has none for this.
    private static func text(of announcement: Announcement, _ queue: Queue) -> String? {
        guard let templates = queue.announcing else { return nil }
        return switch announcement {
        case .waiting(let position, let minutes):
            templates.waiting.filled(.position, "\(position)").filled(.minutes, "\(minutes)")
        case .nobodyThere(let position):
            templates.nobody.filled(.position, "\(position)")
        case .closed(nil): templates.closed?.unknown
        case .closed(let opens?):
            templates.closed?.opening.filled(
                .opens, OpeningHours.words(for: opens, in: queue.hours?.timeZone))
        }
    }

    /// The first template that the guard would hold back whatever its numbers are, by its field within
    /// a configuration; `nil`: none.
    static func guardedTemplate(in configuration: Configuration) -> String? {
        for (place, queue) in configuration.queues.enumerated() {
            for (name, template) in queue.announcing?.templates ?? []
            where Verdict(on: template) != .allowed {
                return "queues[\(place)].announcing.\(name)"
            }
        }
        return nil
    }
}

extension Announcing {
    /// Every template with the name of its field.
    fileprivate var templates: [(name: String, text: String)] {
        var all = [("waiting", waiting), ("nobody", nobody)]
        if let closed {
            all += [("closed.opening", closed.opening), ("closed.unknown", closed.unknown)]
        }
        return all
    }
}

extension String {
    fileprivate func filled(_ placeholder: Announcing.Placeholder, _ value: String) -> String {
        split(separator: "{\(placeholder.rawValue)}", omittingEmptySubsequences: false)
            .joined(separator: value)
    }
}

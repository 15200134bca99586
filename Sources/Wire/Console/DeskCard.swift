public import Desk

/// What a desk routes by, as far as every console shows it: names, and what kinds of work weigh.
public struct DeskCard: Equatable, Sendable {
    /// What it routes by.
    public var configuration: Configuration

    /// The card of a desk that routes by this.
    public init(_ configuration: Configuration) { self.configuration = configuration }

    func write(to writer: inout JSONWriter) {
        writer.beginObject("desk")
        writer.member("version", configuration.version)
        writer.member("ageing", configuration.ageing)
        writer.beginArray("queues")
        for queue in configuration.queues { queue.write(to: &writer) }
        writer.endArray()
        writer.beginArray("skills")
        for skill in configuration.skills {
            writer.beginObject()
            writer.named(skill.id, skill.name)
            writer.endObject()
        }
        writer.endArray()
        writer.beginArray("kinds")
        for kind in configuration.kinds {
            writer.beginObject()
            writer.named(kind.id, kind.name)
            writer.member("weight", kind.weight)
            if let channels = kind.channels {
                writer.beginArray("channels")
                for each in channels {
                    writer.beginObject()
                    writer.member("channel", each.channel.rawValue)
                    writer.member("weight", each.weight)
                    writer.endObject()
                }
                writer.endArray()
            }
            writer.endObject()
        }
        writer.endArray()
        writer.beginArray("grades")
        for grade in configuration.grades { grade.write(to: &writer) }
        writer.endArray()
        if let reasons = configuration.awayReasons {
            writer.beginArray("awayReasons")
            for reason in reasons {
                writer.beginObject()
                writer.named(reason.id, reason.name)
                writer.endObject()
            }
            writer.endArray()
        }
        if let compartments = configuration.compartments {
            writer.beginArray("compartments")
            for compartment in compartments {
                writer.beginObject()
                writer.named(compartment.id, compartment.name)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }
}

extension Queue {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.named(id, name)
        writer.member("priority", priority)
        switch handing {
        case .push: writer.member("handing", "push")
        case .offer: writer.member("handing", "offer")
        case .pull: writer.member("handing", "pull")
        }
        if let kind { writer.member("kind", kind.number) }
        if let limit { writer.member("limit", limit) }
        needs.write("needs", to: &writer)
        writer.endObject()
    }
}

extension Grade {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.named(id, name)
        writer.beginArray("weights")
        for weight in weights {
            writer.beginObject()
            writer.member("kind", weight.kind.number)
            writer.member("weight", weight.weight)
            if let channel = weight.channel { writer.member("channel", channel.rawValue) }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension JSONWriter {
    fileprivate mutating func named<Kind>(_ id: Identifier<Kind>, _ name: String) {
        member("id", id.number)
        member("name", name)
    }
}

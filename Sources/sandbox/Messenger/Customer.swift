/// A person who may write to a page. Ids are scoped to the page, as Meta's are.
struct Customer: Sendable, Equatable {
    var id: String
    var firstName: String
    var lastName: String
    /// When the person last did something that opens the messaging window (milliseconds UTC).
    var lastActed: Int64?
    /// True once the person has blocked the page.
    var isUnavailable = false

    var name: String { firstName + " " + lastName }

    init(id: String, firstName: String, lastName: String) {
        self.id = id
        self.firstName = firstName
        self.lastName = lastName
    }

    /// A customer nobody described; the name follows from the id alone.
    init(id: String) {
        let first = ["Marta", "Diego", "Lucía", "Andrés", "Elena", "Javier", "Nuria", "Pablo"]
        let last = ["Ríos", "Núñez", "Peña", "Gil", "Ibáñez", "Soler", "Vidal"]
        let sum = id.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xffff }
        self.init(
            id: id, firstName: first[sum % first.count], lastName: last[sum / 8 % last.count])
    }

    /// Those a person can be on the page of the sandbox from the start.
    static let demo = [
        Customer(id: "5550000000000011", firstName: "Marta", lastName: "Ríos"),
        Customer(id: "5550000000000012", firstName: "Diego", lastName: "Núñez"),
        Customer(id: "5550000000000013", firstName: "Lucía", lastName: "Peña"),
        Customer(id: "5550000000000014", firstName: "Andrés", lastName: "Gil"),
    ]
}

/// A business page with its access token.
struct Page: Sendable, Equatable {
    var id: String
    var name: String
    var token: String
}

/// One thread: a page and one of its customers.
struct ThreadKey: Hashable, Sendable {
    var page: String
    var customer: String

    /// The id of the conversation in the Graph API.
    var conversation: String { "t_\(page)-\(customer)" }

    init(page: String, customer: String) {
        self.page = page
        self.customer = customer
    }

    init?(conversation: String) {
        guard conversation.hasPrefix("t_"), let dash = conversation.lastIndex(of: "-") else {
            return nil
        }
        self.page = String(conversation[..<dash].dropFirst(2))
        self.customer = String(conversation[conversation.index(after: dash)...])
    }
}

/// A message as Messenger keeps it.
struct StoredMessage: Sendable, Equatable {
    enum Author: Sendable, Equatable {
        case customer
        case page
    }

    /// Whether the bank has heard of what a customer wrote.
    enum Delivery: String, Sendable {
        case waiting
        case delivered
        /// The retries are used up; the bank will only find it by reading the conversation.
        case failed
    }

    var id: String
    /// Counts up over the process, so that a reader can ask for what is new.
    var number: Int64
    var time: Int64
    var author: Author
    var text: String?
    var attachments: [JSONValue] = []
    var quickReplies: JSONValue?
    var metadata: String?
    var replyTo: String?
    var delivery = Delivery.waiting
}

struct Thread: Sendable {
    var customer: Customer
    var messages: [StoredMessage] = []
    var deliveredUntil: Int64 = 0
    var readUntil: Int64 = 0
    var isTyping = false
    var updated: Int64 = 0
}

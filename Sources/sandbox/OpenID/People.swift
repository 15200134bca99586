/// A person of the bank who can sign in at the pretended identity provider.
struct Person: Sendable, Equatable {
    /// The `sub` claim, and what `login_hint` names.
    var subject: String
    var name: String
    var roles: [String]

    var email: String { "\(subject)@bank.example" }

    static let demo = [
        Person(subject: "ana", name: "Ana Morales", roles: ["agent"]),
        Person(subject: "bruno", name: "Bruno Castro", roles: ["agent"]),
        Person(subject: "carla", name: "Carla Fuentes", roles: ["agent"]),
        Person(subject: "sofia", name: "Sofía Herrera", roles: ["supervisor"]),
    ]

    /// Found by subject or by address, as a login hint may be either.
    static func named(_ hint: String) -> Person? {
        demo.first { $0.subject == hint || $0.email == hint }
    }
}

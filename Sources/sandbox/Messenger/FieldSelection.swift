/// The `fields` parameter of a Graph call: `id,messages.limit(5){id,message},participants`.
struct FieldSelection: Sendable, Equatable {
    struct Field: Sendable, Equatable {
        var name: String
        var limit: Int?
        var children: FieldSelection?
    }

    var fields: [Field]

    /// Deeper nesting than this is refused; the API has three levels.
    private static let maximumDepth = 8

    static func names(_ names: String...) -> FieldSelection {
        FieldSelection(fields: names.map { Field(name: $0) })
    }

    /// Nil when the text is empty or unbalanced.
    init?(_ text: String) {
        var rest = Substring(text)
        guard let selection = FieldSelection.read(&rest, depth: 0), rest.isEmpty else { return nil }
        self = selection
    }

    private init(fields: [Field]) {
        self.fields = fields
    }

    private static func read(_ rest: inout Substring, depth: Int) -> FieldSelection? {
        guard depth < maximumDepth else { return nil }
        var fields: [Field] = []
        while true {
            let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            guard !name.isEmpty else { return nil }
            rest.removeFirst(name.count)
            var field = Field(name: String(name))
            if rest.hasPrefix(".limit(") {
                rest.removeFirst(7)
                let digits = rest.prefix { $0.isNumber }
                rest.removeFirst(digits.count)
                guard let limit = Int(digits), rest.popFirst() == ")" else { return nil }
                field.limit = limit
            }
            if rest.first == "{" {
                rest.removeFirst()
                guard let children = read(&rest, depth: depth + 1), rest.popFirst() == "}" else {
                    return nil
                }
                field.children = children
            }
            fields.append(field)
            guard rest.first == "," else { return FieldSelection(fields: fields) }
            rest.removeFirst()
        }
    }
}

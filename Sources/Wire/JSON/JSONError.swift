/// Why bytes are not the JSON that was expected. Names the place, never the value that stood there.
public struct JSONError: Error, Equatable, Sendable {
    /// What was wrong.
    public enum Code: String, Sendable, CaseIterable {
        /// Not JSON by RFC 8259, or not UTF-8.
        case syntax
        /// The bytes end within a value.
        case incomplete
        /// Something follows the value.
        case trailingBytes
        /// Containers are nested deeper than allowed.
        case tooDeep
        /// A name occurs twice in one object.
        case duplicateName
        /// An object has more members than allowed.
        case tooManyMembers
        /// A value of another type was expected.
        case wrongType
        /// A number does not fit.
        case outOfRange
        /// A member that must be there is not.
        case missing
    }
    /// What was wrong.
    public let code: Code
    /// The place, as `entry[0].messaging[2].message.text`; empty for the whole.
    public let field: String

    /// An error at this place.
    public init(_ code: Code, field: String) {
        self.code = code
        self.field = field
    }
}

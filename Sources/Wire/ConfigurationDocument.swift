public import Desk
import FoundationEssentials

/// What a desk routes by and what its agents are for, as one document: the body of the administration's
/// `GET` and `PUT`, and the file that is exported and imported.
public struct ConfigurationDocument: Equatable, Sendable, Codable {
    /// The longest body, in bytes: hundreds of queues and thousands of agents fit.
    public static let maximumBytes = 1_024 * 1_024

    /// What the desk routes by.
    public var configuration: Configuration
    /// What agents are for; who is not named stays as they are.
    public var profiles: [AgentProfile]

    /// The document with these parts.
    public init(configuration: Configuration, profiles: [AgentProfile]) {
        self.configuration = configuration
        self.profiles = profiles
    }

    /// Reads it; without profiles nobody's changes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        configuration = try container.decode(Configuration.self, forKey: .configuration)
        profiles = try container.decodeIfPresent([AgentProfile].self, forKey: .profiles) ?? []
    }

    /// The document in a form that people can read; `nil` only if a value cannot be said in JSON.
    public func encode() -> [UInt8]? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { [UInt8]($0) }
    }

    /// Reads a body; what is wrong with it is named by its field.
    public static func parse(_ body: [UInt8]) -> Result<ConfigurationDocument, Problem> {
        // First as strictly as everything else that is read here: nesting, names that occur twice, and
        // numbers, whose place Foundation does not tell.
        var reader = JSONReader(body)
        do throws(JSONError) {
            try check(&reader)
            try reader.end()
        } catch {
            return .failure(refused(error.code.detail, error.field))
        }
        do {
            return .success(
                try JSONDecoder().decode(ConfigurationDocument.self, from: Data(body)))
        } catch let error as DecodingError {
            return .failure(refused(error))
        } catch {
            return .failure(Problem(.invalidRequest))
        }
    }

    /// Steps over a value in which every number is an integer.
    private static func check(_ reader: inout JSONReader) throws(JSONError) {
        switch try reader.peek() {
        case .object:
            try reader.beginObject()
            while try reader.nextName() != nil { try check(&reader) }
        case .array:
            try reader.beginArray()
            while try reader.nextElement() { try check(&reader) }
        case .number: _ = try reader.integer()
        case .string, .bool, .null: try reader.skip()
        }
    }

    private static func refused(_ detail: String, _ field: String) -> Problem {
        Problem(
            status: ProblemCode.invalidRequest.status, code: ProblemCode.invalidRequest.rawValue,
            detail: detail, field: field.isEmpty ? nil : field)
    }

    private static func refused(_ error: DecodingError) -> Problem {
        switch error {
        case .keyNotFound(let key, let context):
            refused(JSONError.Code.missing.detail, path(context.codingPath + [key]))
        case .valueNotFound(_, let context):
            refused(JSONError.Code.missing.detail, path(context.codingPath))
        case .typeMismatch(_, let context), .dataCorrupted(let context):
            refused(JSONError.Code.wrongType.detail, path(context.codingPath))
        @unknown default: Problem(.invalidRequest)
        }
    }

    /// Where a value stands: `configuration.queues[2].needs[0].level`.
    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce(into: "") { path, key in
            if let place = key.intValue {
                path += "[\(place)]"
            } else {
                path += (path.isEmpty ? "" : ".") + key.stringValue
            }
        }
    }
}

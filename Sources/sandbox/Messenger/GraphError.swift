/// An error as the Graph API answers it (Messenger Platform, "Error codes" page).
struct GraphError: Error, Sendable, Equatable {
    var status = 400
    var message: String
    var type = "OAuthException"
    var code: Int64
    var subcode: Int64?

    static func parameter(_ text: String) -> GraphError {
        GraphError(message: "(#100) \(text)", code: 100)
    }
    static let noToken = GraphError(
        message: "An access token is required to request this resource.", code: 104)
    static let badToken = GraphError(
        message: "Invalid OAuth access token - Cannot parse access token", code: 190)
    static let badProof = GraphError(
        message: "Invalid appsecret_proof provided in the API argument",
        type: "GraphMethodException", code: 100)
    static let unknownUser = GraphError(
        message: "(#100) No matching user found", code: 100, subcode: 2_018_001)
    static let noProfile = GraphError(
        message: "(#100) No profile available for this user.", code: 100, subcode: 2_018_218)
    static let outsideWindow = GraphError(
        message: "(#10) This message is sent outside of allowed window.", code: 10,
        subcode: 2_018_278)
    static let unavailable = GraphError(
        message: "(#551) This person isn't available right now.", code: 551, subcode: 1_545_041)
    static let tooManyCalls = GraphError(
        message: "(#613) Calls to this api have exceeded the rate limit.", code: 613)

    static func unsupported(_ method: String, _ object: String) -> GraphError {
        GraphError(
            message:
                "Unsupported \(method) request. Object with ID '\(object)' does not exist, cannot "
                + "be loaded due to missing permissions, or does not support this operation",
            type: "GraphMethodException", code: 100, subcode: 33)
    }

    func body(trace: String) -> JSONValue {
        [
            "error": .members([
                "message": .string(message), "type": .string(type), "code": .integer(code),
                "error_subcode": subcode.map { .integer($0) }, "fbtrace_id": .string(trace),
            ])
        ]
    }
}

/// Limits of what Wire reads, each with its reason. Whole-frame and whole-body limits are the
/// socket's (64 KiB a frame, 3 MB a webhook).
public enum WireLimits {
    /// Containers within containers. Meta's webhooks reach 8; more is an attack on the reader.
    public static let depth = 32
    /// Containers within containers that a broken element may have and still be stepped over, so
    /// that its neighbours are read.
    public static let brokenElementDepth = 512
    /// Members of one object. Duplicate names are searched by comparing with all earlier ones, so
    /// this bounds the work to a small factor of the length.
    public static let membersPerObject = 128
    /// Updates of one webhook: Meta promises at most 1,000 (WhatsApp "Webhooks overview": batches).
    public static let updatesPerWebhook = 1_000
    /// Attachments of one message: the platform allows 30 images ("Send a message").
    public static let attachmentsPerMessage = 100
    /// Characters (UTF-16 units) of a message to a customer: the platform takes "less than 2000
    /// characters" (Send API reference).
    public static let messageLength = 1_999
    /// Messages of a transcript that are read at once.
    public static let transcriptPage = 100
    /// Agents that one explanation names: more than a supervisor reads.
    public static let candidates = 500
    /// Events of its past that one explanation looks back at: some handings-on, each with its offers.
    public static let pastEvents = 20
    /// Skills, queues, compartments or customers in one list of a request. The desk's own limits are
    /// stricter where a list has one.
    public static let listLength = 500
    /// Characters of a bank's name for a customer: customer numbers and UUIDs are shorter.
    public static let bankReference = 64
    /// The length of a kind's name that is kept as it is.
    public static let kindName = 64
}

/// Over what customers write.
public enum Channel: String, Sendable, CaseIterable, Codable {
    /// Messenger.
    case messenger
    /// Messages of Instagram.
    case instagram
    /// WhatsApp.
    case whatsApp
}

/// By what a customer's messages come: a thread keeps its origin for good.
public struct Origin: Hashable, Sendable {
    /// Over what.
    public var channel: Channel
    /// The platform's id of the page, account or number that they write to: the bank's own, and known
    /// to everybody. Empty for conversations that were last written in before it was kept.
    public var page: String

    /// By this channel and page.
    public init(channel: Channel = .messenger, page: String = "") {
        self.channel = channel
        self.page = page
    }
}

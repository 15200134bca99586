import Store

/// A row of the store's transcript; the wire's row has the same name.
typealias StoredMessage = TranscriptMessage

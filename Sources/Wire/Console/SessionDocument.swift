/// Bodies of the HTTP routes around a console's sign-in.
public enum SessionDocument {
    /// Who is signed in.
    public static func person(_ person: PersonCard, desk: Int64) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        person.write(to: &writer)
        writer.member("desk", desk)
        writer.endObject()
        return writer.bytes
    }

    /// A ticket that opens one socket, once, within this many seconds.
    public static func ticket(_ ticket: String, expiresInSeconds: Int) -> [UInt8] {
        var writer = JSONWriter(capacity: 96)
        writer.beginObject()
        writer.member("ticket", ticket)
        writer.member("expiresInSeconds", expiresInSeconds)
        writer.endObject()
        return writer.bytes
    }
}

extension Configuration {
    /// Refuses announcements that could not be sent or would never end.
    func check(_ announcing: Announcing, _ field: String) throws(Rejection) {
        try check(announcing.waiting, allowing: [.position, .minutes], field + ".waiting")
        try check(announcing.nobody, allowing: [.position], field + ".nobody")
        if let closed = announcing.closed {
            try check(closed.opening, allowing: [.opens], field + ".closed.opening")
            try check(closed.unknown, allowing: [], field + ".closed.unknown")
        }
        try within(
            announcing.positionStep, 1...Limits.longestQueue, field + ".positionStep")
        try within(
            announcing.minutesStep, 1...Int(Limits.longestWait / 60_000), field + ".minutesStep")
        try within(announcing.interval, Limits.announcementIntervals, field + ".interval")
        try within(announcing.usualPace, 1...Limits.longestWait, field + ".usualPace")
    }

    /// A template is text for a person, with known placeholders in braces and no other braces.
    private func check(
        _ template: String, allowing allowed: [Announcing.Placeholder], _ field: String
    ) throws(Rejection) {
        var rest = template
        for placeholder in allowed {
            // Split and joined: the standard library alone has no other way to take a word out.
            rest = rest.split(
                separator: "{\(placeholder.rawValue)}", omittingEmptySubsequences: false
            )
            .joined(separator: "0")
        }
        guard !rest.contains(where: { $0 == "{" || $0 == "}" }) else {
            throw Rejection(.notFound, field: field)
        }
        let isReadable =
            (1...Limits.templateLength).contains(template.unicodeScalars.count)
            && template.contains { !$0.isWhitespace }
            && !template.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }
        guard isReadable else { throw Rejection(.outOfRange, field: field) }
    }
}

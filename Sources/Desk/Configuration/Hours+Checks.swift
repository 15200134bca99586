extension Hours {
    /// Refuses hours that say nothing, or two things. Whether there is such a time zone is for the
    /// shell to say, which computes the moments.
    func check(_ field: String) throws(Rejection) {
        let isNamed =
            (1...Limits.nameLength).contains(timeZone.utf8.count)
            && timeZone.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard isNamed else { throw Rejection(.outOfRange, field: field + ".timeZone") }
        try checkWeek(field + ".weekly")
        try checkHolidays(field + ".holidays")
        guard !weekly.isEmpty || holidays.contains(where: { !$0.periods.isEmpty }) else {
            throw Rejection(.neverOpens, field: field)
        }
    }

    private func checkWeek(_ field: String) throws(Rejection) {
        guard weekly.count <= Limits.weeklyPeriods else {
            throw Rejection(.outOfRange, field: field)
        }
        for (place, period) in weekly.enumerated() {
            let field = "\(field)[\(place)]"
            guard (1...7).contains(period.day) else {
                throw Rejection(.outOfRange, field: field + ".day")
            }
            let others = weekly[..<place].filter { $0.day == period.day }
            try Self.check(
                period.opens, period.closes, among: others.map { ($0.opens, $0.closes) }, field)
        }
    }

    private func checkHolidays(_ field: String) throws(Rejection) {
        guard holidays.count <= Limits.holidays else { throw Rejection(.outOfRange, field: field) }
        for (place, holiday) in holidays.enumerated() {
            let field = "\(field)[\(place)]"
            guard !holidays[..<place].contains(where: { $0.date == holiday.date }) else {
                throw Rejection(.duplicated, field: field + ".date")
            }
            guard holiday.periods.count <= Limits.periodsOfADay else {
                throw Rejection(.outOfRange, field: field + ".periods")
            }
            for (part, period) in holiday.periods.enumerated() {
                let others = holiday.periods[..<part].map { ($0.opens, $0.closes) }
                try Self.check(
                    period.opens, period.closes, among: others, "\(field).periods[\(part)]")
            }
        }
    }

    /// A period ends after it began, and none overlaps another of its day. Two may touch.
    private static func check(
        _ opens: WallTime, _ closes: WallTime, among others: [(WallTime, WallTime)],
        _ field: String
    ) throws(Rejection) {
        guard opens < closes else { throw Rejection(.outOfRange, field: field + ".closes") }
        guard !others.contains(where: { opens < $0.1 && $0.0 < closes }) else {
            throw Rejection(.overlapping, field: field)
        }
    }
}

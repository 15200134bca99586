public import Desk
import FoundationEssentials
import FoundationInternationalization

/// Computes from a calendar when queues are open. It is pure: the moment is given, and the rules of
/// time zones are those of the Unicode libraries (ICU) that come with the Swift runtime, so nothing
/// need be installed for them and two machines with the same program compute the same.
public enum OpeningHours {
    /// For how many days the periods are computed ahead.
    public static let daysAhead = 15
    /// Hours that open on none of so many days to come are a mistake: a wrong year, or holidays that
    /// cover all there is.
    public static let daysJudged = 366

    private static let day: Int64 = 86_400_000
    private static let minute: Int64 = 60_000
    /// No zone is further from UTC than 14 hours (`Pacific/Kiritimati`), and none changes twice in so
    /// short a time.
    private static let furthest: Int64 = 15 * 3_600_000

    /// The place of the first queue whose time zone is unknown; `nil` when all are known.
    public static func unknownTimeZone(in configuration: Configuration) -> Int? {
        configuration.queues.firstIndex { queue in
            queue.hours.map { TimeZone(identifier: $0.timeZone) == nil } ?? false
        }
    }

    /// The place of the first queue with hours that do not open within ``daysJudged`` days from a moment
    /// on; `nil` when all do. Hours that the desk itself refuses, and unknown time zones, are passed over.
    public static func neverOpening(in configuration: Configuration, from moment: Instant) -> Int? {
        configuration.queues.firstIndex { queue in
            guard let hours = queue.hours, hours.holidays.count <= Limits.holidays,
                hours.weekly.count <= Limits.weeklyPeriods,
                let zone = TimeZone(identifier: hours.timeZone)
            else { return false }
            let clock = WallClock(zone: zone)
            let today = clock.day(of: moment.milliseconds)
            return !((today - 1)...(today + Int64(daysJudged))).contains { day in
                clock.stretches(of: hours, onDay: day).contains { moment.milliseconds < $0.until }
            }
        }
    }

    /// When a queue with these hours is open from a moment on; `nil` when their time zone is unknown.
    ///
    /// A wall time that a change to summer time leaves out is the moment of the change. Of one that
    /// occurs twice, opening takes the first and closing the second: nobody finds a closed door at an
    /// hour at which it should be open.
    public static func periods(
        of queue: QueueID, _ hours: Hours, from moment: Instant
    ) -> QueueHours? {
        guard let zone = TimeZone(identifier: hours.timeZone) else { return nil }
        let clock = WallClock(zone: zone)
        let today = clock.day(of: moment.milliseconds)
        var open: [OpenPeriod] = []
        // Yesterday too: a zone that changes its date may still be in it.
        for day in (today - 1)...(today + Int64(daysAhead)) {
            for (from, until) in clock.stretches(of: hours, onDay: day) {
                if let last = open.last, from <= last.until.milliseconds {
                    let end = max(last.until.milliseconds, until)
                    open[open.count - 1] = OpenPeriod(
                        from: last.from, until: Instant(milliseconds: end))
                } else {
                    open.append(
                        OpenPeriod(
                            from: Instant(milliseconds: from), until: Instant(milliseconds: until)))
                }
            }
        }
        let end = clock.moment(day: today + Int64(daysAhead) + 1, .startOfDay, isOpening: true)
        return QueueHours(
            queue: queue, periods: open.filter { moment < $0.until },
            knownUntil: Instant(milliseconds: end))
    }

    /// What calendar and clock show at a moment in a place, in a form that every language reads:
    /// `2026-12-24 09:30`. Without a place, or with one that is unknown, it is UTC and says so.
    public static func words(for moment: Instant, in timeZone: String?) -> String {
        let zone = timeZone.flatMap { TimeZone(identifier: $0) }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone ?? .gmt
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .minute],
            from: Date(timeIntervalSince1970: Double(moment.milliseconds) / 1_000))
        guard
            let day = LocalDate(
                year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0),
            let time = WallTime(minutes: (parts.hour ?? 0) * 60 + (parts.minute ?? 0))
        else { return "\(moment.milliseconds)" }
        return "\(day.text) \(time.text)" + (zone == nil ? " UTC" : "")
    }

    /// What clocks on the wall show in a zone.
    private struct WallClock {
        let zone: TimeZone

        /// How far the zone is from UTC at a moment, in milliseconds.
        private func offset(at moment: Int64) -> Int64 {
            let date = Date(timeIntervalSince1970: Double(moment) / 1_000)
            return Int64(zone.secondsFromGMT(for: date)) * 1_000
        }

        /// The number of the local day since 1970-01-01.
        func day(of moment: Int64) -> Int64 {
            let wall = moment + offset(at: moment)
            return (wall - (wall % OpeningHours.day + OpeningHours.day) % OpeningHours.day)
                / OpeningHours.day
        }

        /// When a queue with these hours is open on a day, ascending.
        func stretches(of hours: Hours, onDay day: Int64) -> [(from: Int64, until: Int64)] {
            hours.periods(onDay: day).map { opens, closes in
                (
                    moment(day: day, opens, isOpening: true),
                    moment(day: day, closes, isOpening: false)
                )
            }
            .filter { $0.0 < $0.1 }
        }

        func moment(day: Int64, _ time: WallTime, isOpening: Bool) -> Int64 {
            let wall = day * OpeningHours.day + Int64(time.minutes) * minute
            let before = offset(at: wall - furthest)
            let after = offset(at: wall + furthest)
            let first = wall - max(before, after)
            let second = wall - min(before, after)
            let fitting = [first, second].filter { $0 + offset(at: $0) == wall }
            if let earliest = fitting.first, let latest = fitting.last {
                return isOpening ? earliest : latest
            }
            return change(between: wall - furthest, and: wall + furthest)
        }

        /// The first moment of the later offset.
        private func change(between low: Int64, and high: Int64) -> Int64 {
            var (low, high) = (low, high)
            let former = offset(at: low)
            while high - low > 1 {
                let middle = low + (high - low) / 2
                if offset(at: middle) == former { low = middle } else { high = middle }
            }
            return high
        }
    }
}

extension Hours {
    /// The periods of a day, by its number since 1970-01-01, ascending.
    fileprivate func periods(onDay day: Int64) -> [(WallTime, WallTime)] {
        let all: [(WallTime, WallTime)]
        if let holiday = holidays.first(where: { $0.date.day(since1970: day) }) {
            all = holiday.periods.map { ($0.opens, $0.closes) }
        } else {
            // 1970-01-01 was a Thursday.
            let weekday = Int(((day + 3) % 7 + 7) % 7) + 1
            all = weekly.filter { $0.day == weekday }.map { ($0.opens, $0.closes) }
        }
        return all.sorted { $0.0 < $1.0 }
    }
}

extension LocalDate {
    /// Whether this is the day of that number since 1970-01-01 (Gregorian calendar; H. Hinnant,
    /// "chrono-Compatible Low-Level Date Algorithms", days_from_civil).
    fileprivate func day(since1970 number: Int64) -> Bool {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let monthFromMarch = Int64((month + 9) % 12)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468 == number
    }
}

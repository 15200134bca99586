import Desk
import DeskRunner
import Foundation
import Testing

/// Calendars against moments in UTC, which were looked up by hand in the IANA Time Zone Database.
@Suite struct OpeningHoursTests {
    /// Hours of one queue, and when they are open during some days.
    struct Line: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var zone = "Europe/Madrid"
        var weekly: [(days: ClosedRange<Int>, opens: String, closes: String)] = []
        var holidays: [(date: String, periods: [(String, String)])] = []
        let from: String
        /// The first periods; all that are asked for.
        let open: [(from: String, until: String)]
    }

    static let lines: [Line] = [
        Line(
            testDescription: "a week in winter and its weekend",
            weekly: [(1...5, "09:00", "14:00"), (1...4, "16:00", "18:30")],
            from: "2026-01-15T08:30:00Z",
            open: [
                ("2026-01-15T08:00:00Z", "2026-01-15T13:00:00Z"),
                ("2026-01-15T15:00:00Z", "2026-01-15T17:30:00Z"),
                ("2026-01-16T08:00:00Z", "2026-01-16T13:00:00Z"),
                ("2026-01-19T08:00:00Z", "2026-01-19T13:00:00Z"),
            ]),
        Line(
            testDescription: "what ended is not told, and the end is not part of it",
            weekly: [(1...7, "09:00", "10:00")], from: "2026-01-15T09:00:00Z",
            open: [("2026-01-16T08:00:00Z", "2026-01-16T09:00:00Z")]),
        Line(
            testDescription: "a holiday, and one with hours of its own",
            weekly: [(1...7, "09:00", "18:00")],
            holidays: [("2026-12-24", [("09:00", "13:00")]), ("2026-12-25", [])],
            from: "2026-12-24T00:00:00Z",
            open: [
                ("2026-12-24T08:00:00Z", "2026-12-24T12:00:00Z"),
                ("2026-12-26T08:00:00Z", "2026-12-26T17:00:00Z"),
            ]),
        Line(
            testDescription: "the clocks go forward: one hour less",
            weekly: [(7...7, "00:00", "24:00")], from: "2026-03-28T12:00:00Z",
            open: [("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")]),
        Line(
            testDescription: "an opening that the change leaves out is at the change",
            weekly: [(7...7, "02:30", "04:00")], from: "2026-03-28T12:00:00Z",
            open: [("2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z")]),
        Line(
            testDescription: "a closing that the change leaves out is at the change",
            weekly: [(7...7, "01:00", "02:30")], from: "2026-03-28T12:00:00Z",
            open: [("2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z")]),
        Line(
            testDescription: "a period within what is left out is none",
            weekly: [(7...7, "02:10", "02:50")], from: "2026-03-28T12:00:00Z",
            open: [("2026-04-05T00:10:00Z", "2026-04-05T00:50:00Z")]),
        Line(
            testDescription: "the clocks go back: opening takes the first, closing the second",
            weekly: [(7...7, "02:30", "02:45")], from: "2026-10-24T12:00:00Z",
            open: [("2026-10-25T00:30:00Z", "2026-10-25T01:45:00Z")]),
        Line(
            testDescription: "the clocks go back: one hour more",
            weekly: [(7...7, "00:00", "24:00")], from: "2026-10-24T12:00:00Z",
            open: [("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")]),
        Line(
            testDescription: "past midnight is two periods that become one",
            weekly: [(5...5, "20:00", "24:00"), (6...6, "00:00", "04:00")],
            from: "2026-01-16T00:00:00Z",
            open: [("2026-01-16T19:00:00Z", "2026-01-17T03:00:00Z")]),
        Line(
            testDescription: "a zone of three quarters of an hour", zone: "Asia/Kathmandu",
            weekly: [(4...4, "09:00", "17:00")], from: "2026-01-14T20:00:00Z",
            open: [("2026-01-15T03:15:00Z", "2026-01-15T11:15:00Z")]),
        Line(
            testDescription: "a zone whose day is another than in UTC",
            zone: "Pacific/Kiritimati", weekly: [(1...1, "08:00", "09:00")],
            from: "2026-01-10T00:00:00Z",
            open: [("2026-01-11T18:00:00Z", "2026-01-11T19:00:00Z")]),
        Line(
            testDescription: "clocks that change by half an hour", zone: "Australia/Lord_Howe",
            weekly: [(7...7, "00:00", "24:00")], from: "2026-04-04T00:00:00Z",
            open: [("2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z")]),
    ]

    @Test("Periods are those of the calendar", arguments: lines)
    func periods(line: Line) throws {
        let hours = try Self.hours(line)
        let told = try #require(
            OpeningHours.periods(of: QueueID(3), hours, from: try Self.moment(line.from)))
        let expected = try line.open.map {
            OpenPeriod(from: try Self.moment($0.from), until: try Self.moment($0.until))
        }
        #expect(Array(told.periods.prefix(expected.count)) == expected)
        #expect(told.queue == QueueID(3))
        let ahead = told.knownUntil.milliseconds - (try Self.moment(line.from)).milliseconds
        #expect(ahead > Int64(OpeningHours.daysAhead) * 86_400_000 - 3_600_000)
        #expect(told.periods.count <= Limits.openPeriods)
    }

    @Test("Always open is one period up to where it is known")
    func always() throws {
        let hours = try Self.hours(
            Line(
                testDescription: "", weekly: [(1...7, "00:00", "24:00")],
                from: "2026-03-20T00:00:00Z", open: []))
        let told = try #require(
            OpeningHours.periods(
                of: QueueID(1), hours, from: try Self.moment("2026-03-20T12:00:00Z")))
        #expect(told.periods.map(\.until) == [told.knownUntil])
    }

    @Test("A time zone that does not exist is told by the place of its queue")
    func unknown() {
        var configuration = Configuration()
        configuration.queues.append(
            Queue(
                id: QueueID(2), name: "night", hours: Hours(timeZone: "Moon/Tycho", weekly: [])))
        #expect(OpeningHours.unknownTimeZone(in: configuration) == 1)
        #expect(
            OpeningHours.periods(
                of: QueueID(2), Hours(timeZone: "Moon/Tycho", weekly: []),
                from: Instant(milliseconds: 0)) == nil)
        #expect(OpeningHours.unknownTimeZone(in: Configuration()) == nil)
    }

    /// Hours, and whether they open within a year of 2026-03-20.
    static let judged: [(line: Line, opens: Bool)] = [
        (judging("a week"), true),
        (judging("a week with a holiday", covering: "2026-03-2", 5..<6), true),
        (judging("no week, a day last year", weekly: [], [("2025-12-24", true)]), false),
        (judging("no week, this morning", weekly: [], [("2026-03-20", true)]), false),
        (judging("no week, this evening", weekly: [], [("2026-03-20", false)]), true),
        (judging("no week, a day in autumn", weekly: [], [("2026-10-01", true)]), true),
        (judging("no week, a day after two years", weekly: [], [("2028-03-20", true)]), false),
        (
            judging(
                "one period a week, left out by the change to summer time", zone: "Europe/Madrid",
                weekly: [(7...7, "02:10", "02:50")]), true
        ),
        (judging("a zone that nobody knows", zone: "Moon/Tycho", weekly: []), true),
    ]

    /// Hours with these days, each in the morning or in the evening.
    private static func judging(
        _ what: String, zone: String = "Etc/UTC",
        weekly: [(ClosedRange<Int>, String, String)] = [(3...3, "09:00", "10:00")],
        _ days: [(String, Bool)] = [], covering prefix: String = "", _ closed: Range<Int> = 0..<0
    ) -> Line {
        let open: [(date: String, periods: [(String, String)])] = days.map { day, isMorning in
            (day, [isMorning ? ("09:00", "10:00") : ("20:00", "21:00")])
        }
        return Line(
            testDescription: what, zone: zone, weekly: weekly.map { ($0.0, $0.1, $0.2) },
            holidays: open + closed.map { (prefix + "\($0)", []) }, from: "2026-03-20T12:00:00Z",
            open: [])
    }

    @Test("Hours that do not open within a year are found", arguments: judged.indices)
    func judges(_ place: Int) throws {
        let (line, opens) = Self.judged[place]
        var configuration = Configuration()
        configuration.queues.append(
            Queue(id: QueueID(2), name: "judged", hours: try Self.hours(line)))
        let found = OpeningHours.neverOpening(
            in: configuration, from: try Self.moment(line.from))
        #expect(found == (opens ? nil : 1), "\(line)")
    }

    @Test("As many holidays as there may be never close a week for good")
    func covered() throws {
        var days: [Holiday] = []
        var date = try Date("2026-03-20T12:00:00Z", strategy: .iso8601)
        for _ in 0..<Limits.holidays {
            let text = String(date.formatted(.iso8601).prefix(10))
            days.append(Holiday(date: try #require(LocalDate(text))))
            date.addTimeInterval(86_400)
        }
        var configuration = Configuration()
        let week = (1...7).map { WeeklyPeriod(day: $0, opens: .startOfDay, closes: .endOfDay) }
        configuration.queues[0].hours = Hours(timeZone: "Etc/UTC", weekly: week, holidays: days)
        let noon = try Self.moment("2026-03-20T12:00:00Z")
        #expect(OpeningHours.neverOpening(in: configuration, from: noon) == nil)
        configuration.queues[0].hours?.weekly = []
        #expect(OpeningHours.neverOpening(in: configuration, from: noon) == 0)
    }

    static let wallClocks: [(moment: String, zone: String?, words: String)] = [
        ("2026-12-24T08:00:00Z", "Europe/Madrid", "2026-12-24 09:00"),
        ("2026-07-01T07:05:00Z", "Europe/Madrid", "2026-07-01 09:05"),
        ("2026-12-31T23:30:00Z", "Europe/Madrid", "2027-01-01 00:30"),
        ("2026-01-01T02:00:00Z", "America/New_York", "2025-12-31 21:00"),
        ("2026-12-24T08:00:00Z", nil, "2026-12-24 08:00 UTC"),
        ("2026-12-24T08:00:00Z", "Moon/Tycho", "2026-12-24 08:00 UTC"),
    ]

    @Test(
        "A customer reads what the clocks of the queue's place show", arguments: wallClocks.indices)
    func wallClock(_ place: Int) throws {
        let line = Self.wallClocks[place]
        #expect(
            OpeningHours.words(for: try Self.moment(line.moment), in: line.zone) == line.words)
    }

    private static func hours(_ line: Line) throws -> Hours {
        Hours(
            timeZone: line.zone,
            weekly: try line.weekly.flatMap { period in
                try period.days.map {
                    WeeklyPeriod(
                        day: $0, opens: try #require(WallTime(period.opens)),
                        closes: try #require(WallTime(period.closes)))
                }
            },
            holidays: try line.holidays.map { holiday in
                Holiday(
                    date: try #require(LocalDate(holiday.date)),
                    periods: try holiday.periods.map {
                        Holiday.Period(
                            opens: try #require(WallTime($0.0)),
                            closes: try #require(WallTime($0.1)))
                    })
            })
    }

    private static func moment(_ text: String) throws -> Instant {
        let date = try Date(text, strategy: .iso8601)
        return Instant(milliseconds: Int64(date.timeIntervalSince1970 * 1_000))
    }
}

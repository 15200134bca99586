/// When a queue is open, as people say it: wall times of a place, by the days of the week, with
/// exceptions. The desk reads no calendar: the moments that follow from this are told to it as
/// ``QueueHours``.
public struct Hours: Equatable, Sendable, Codable {
    /// The place, by its name in the IANA Time Zone Database: `Europe/Madrid`.
    public var timeZone: String
    /// The usual periods; a day without one is closed. None overlaps another; one that goes past
    /// midnight is two.
    public var weekly: [WeeklyPeriod]
    /// Days that are not as usual.
    public var holidays: [Holiday]

    /// Hours with these values.
    public init(timeZone: String, weekly: [WeeklyPeriod], holidays: [Holiday] = []) {
        self.timeZone = timeZone
        self.weekly = weekly
        self.holidays = holidays
    }

    /// Reads it; without holidays there are none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        timeZone = try container.decode(String.self, forKey: .timeZone)
        weekly = try container.decode([WeeklyPeriod].self, forKey: .weekly)
        holidays = try container.decodeIfPresent([Holiday].self, forKey: .holidays) ?? []
    }
}

/// A period of one day of every week.
public struct WeeklyPeriod: Equatable, Sendable, Codable {
    /// 1 (Monday) to 7 (Sunday), as ISO 8601 counts.
    public var day: Int
    /// When it begins.
    public var opens: WallTime
    /// When it ends; `24:00` is the end of the day.
    public var closes: WallTime

    /// This day from then to then.
    public init(day: Int, opens: WallTime, closes: WallTime) {
        self.day = day
        self.opens = opens
        self.closes = closes
    }
}

/// A day that is not as usual.
public struct Holiday: Equatable, Sendable, Codable {
    /// A period of such a day.
    public struct Period: Equatable, Sendable, Codable {
        /// When it begins.
        public var opens: WallTime
        /// When it ends.
        public var closes: WallTime

        /// From then to then.
        public init(opens: WallTime, closes: WallTime) {
            self.opens = opens
            self.closes = closes
        }
    }

    /// Which day.
    public var date: LocalDate
    /// When it is open on that day, instead of the usual; none: not at all.
    public var periods: [Period]

    /// On this day only then.
    public init(date: LocalDate, periods: [Period] = []) {
        self.date = date
        self.periods = periods
    }

    /// Reads it; without periods it is closed all day.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        date = try container.decode(LocalDate.self, forKey: .date)
        periods = try container.decodeIfPresent([Period].self, forKey: .periods) ?? []
    }
}

/// What a clock on the wall shows, to the minute; written `09:30`.
public struct WallTime: Hashable, Comparable, Sendable, Codable {
    /// Minutes since the day began: 0 to 1,440, which is the end of the day.
    public let minutes: Int

    /// `00:00`.
    public static let startOfDay = WallTime(0)
    /// `24:00`, which is the next day's `00:00`.
    public static let endOfDay = WallTime(1_440)

    private init(_ minutes: Int) { self.minutes = minutes }

    /// This many minutes after the day began; `nil` beyond a day.
    public init?(minutes: Int) {
        guard (0...1_440).contains(minutes) else { return nil }
        self.minutes = minutes
    }

    /// Reads `HH:MM`, `00:00` to `24:00`.
    public init?(_ text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 5, digits[2] == UInt8(ascii: ":"),
            let hours = Int(decimal: digits[0..<2]), let minutes = Int(decimal: digits[3..<5]),
            minutes < 60
        else { return nil }
        self.init(minutes: hours * 60 + minutes)
    }

    /// Reads it as text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = WallTime(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not HH:MM")
        }
        self = time
    }

    /// Writes it as text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// `09:30`.
    public var text: String { (minutes / 60).padded(to: 2) + ":" + (minutes % 60).padded(to: 2) }

    /// Orders by time of day.
    public static func < (left: Self, right: Self) -> Bool { left.minutes < right.minutes }
}

/// A day of a calendar, wherever it is; written `2026-12-24`.
public struct LocalDate: Hashable, Comparable, Sendable, Codable {
    /// 2000 to 2999: any other is a slip of the hand.
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31, as the month has.
    public let day: Int

    /// This day; `nil` when there is none such.
    public init?(year: Int, month: Int, day: Int) {
        guard (2_000...2_999).contains(year), (1...12).contains(month),
            (1...Self.length(of: month, in: year)).contains(day)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// Reads `YYYY-MM-DD`.
    public init?(_ text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 10, digits[4] == UInt8(ascii: "-"), digits[7] == UInt8(ascii: "-"),
            let year = Int(decimal: digits[0..<4]), let month = Int(decimal: digits[5..<7]),
            let day = Int(decimal: digits[8..<10])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// Reads it as text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let date = LocalDate(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not YYYY-MM-DD")
        }
        self = date
    }

    /// Writes it as text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// `2026-12-24`.
    public var text: String {
        year.padded(to: 4) + "-" + month.padded(to: 2) + "-" + day.padded(to: 2)
    }

    /// Orders by time.
    public static func < (left: Self, right: Self) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    /// How many days a month has (Gregorian calendar).
    private static func length(of month: Int, in year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Int {
    /// Reads decimal digits and nothing else.
    fileprivate init?(decimal digits: ArraySlice<UInt8>) {
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        self = value
    }

    /// With zeros in front.
    fileprivate func padded(to width: Int) -> String {
        let text = String(self)
        return String(repeating: "0", count: Swift.max(0, width - text.utf8.count)) + text
    }
}

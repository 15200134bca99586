import Desk

/// All parameters that any method takes, as they were read; each has one type in all methods.
struct ConsoleParameters {
    /// Where a conversation is passed on to, as it was read.
    struct Target {
        var kind: String?
        var id: Int64?
        var isWarm: Bool?
    }

    var hasResume = false
    var epoch: Int64?
    var seq: Int64?
    var presence: String?
    var awayReason: Int64?
    var shiftEnd: Int64?
    var conversation: Int64?
    var text: String?
    var job: Int64?
    var before: Int64?
    var limit: Int64?
    var agent: Int64?
    var capacity: Int64?
    var reason: String?
    var target: Target?
    var queue: Int64?
    var until: Int64?
    var overrideCapacity: Bool?
    var overrideLimit: Bool?
    var priority: Int64?
    var needs: [SkillLevel]?
    var compartment: Int64?
    var profile: Profile?
    var purpose: String?
    var reference: String?

    mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case _ where try reader.takeNull(): continue
            case "resume": try readResume(&reader)
            case "presence": presence = try reader.string()
            case "awayReason": awayReason = try reader.integer()
            case "shiftEnd": shiftEnd = try reader.integer()
            case "conversation": conversation = try reader.integer()
            case "text": text = try reader.string()
            case "job": job = try reader.integer()
            case "before": before = try reader.integer()
            case "limit": limit = try reader.integer()
            case "agent": agent = try reader.integer()
            case "capacity": capacity = try reader.integer()
            case "reason": reason = try reader.string()
            case "to": target = try readTarget(&reader)
            case "queue": queue = try reader.integer()
            case "until": until = try reader.integer()
            case "overrideCapacity": overrideCapacity = try reader.bool()
            case "overrideLimit": overrideLimit = try reader.bool()
            case "priority": priority = try reader.integer()
            case "needs": needs = try readLevels(&reader)
            case "compartment": compartment = try reader.integer()
            case "purpose": purpose = try reader.string()
            case "reference": reference = try reader.string()
            case "profile": profile = try readProfile(&reader)
            default: try reader.skip()
            }
        }
    }

    private mutating func readResume(_ reader: inout JSONReader) throws(JSONError) {
        hasResume = true
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "epoch": epoch = try reader.integer()
            case "seq": seq = try reader.integer()
            default: try reader.skip()
            }
        }
    }

    private func readTarget(_ reader: inout JSONReader) throws(JSONError) -> Target {
        var target = Target()
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case _ where try reader.takeNull(): continue
            case "kind": target.kind = try reader.string()
            case "id": target.id = try reader.integer()
            case "warm": target.isWarm = try reader.bool()
            default: try reader.skip()
            }
        }
        return target
    }

    /// What somebody is for; what is left out is as in an empty ``Profile``.
    private func readProfile(_ reader: inout JSONReader) throws(JSONError) -> Profile {
        var profile = Profile()
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case _ where try reader.takeNull(): continue
            case "grade": profile.grade = GradeID(try reader.integer())
            case "queues": profile.queues = try readIDs(&reader)
            case "skills": profile.skills = try readLevels(&reader)
            case "compartments": profile.compartments = try readIDs(&reader)
            case "barred": profile.barred = try readIDs(&reader)
            default: try reader.skip()
            }
        }
        return profile
    }

    private func readIDs<Kind>(
        _ reader: inout JSONReader
    ) throws(JSONError) -> [Identifier<Kind>] {
        var ids: [Identifier<Kind>] = []
        try reader.beginArray()
        while try reader.nextElement() {
            guard ids.count < WireLimits.listLength else { throw reader.failure(.outOfRange) }
            let number = try reader.integer()
            guard number > 0 else { throw reader.failure(.outOfRange) }
            ids.append(Identifier(number))
        }
        return ids
    }

    private func readLevels(_ reader: inout JSONReader) throws(JSONError) -> [SkillLevel] {
        var levels: [SkillLevel] = []
        try reader.beginArray()
        while try reader.nextElement() {
            guard levels.count < WireLimits.listLength else { throw reader.failure(.outOfRange) }
            levels.append(try readLevel(&reader))
        }
        return levels
    }

    private func readLevel(_ reader: inout JSONReader) throws(JSONError) -> SkillLevel {
        var skill: Int64?
        var level: Int64?
        var isFirm = false
        try reader.beginObject()
        while let name = try reader.nextName() {
            switch name {
            case "skill": skill = try reader.integer()
            case "level": level = try reader.integer()
            case "isFirm": isFirm = try reader.bool()
            default: try reader.skip()
            }
        }
        guard let skill, skill > 0 else { throw reader.failure(.missing, at: "skill") }
        guard let level else { throw reader.failure(.missing, at: "level") }
        return SkillLevel(SkillID(skill), Int(clamping: level), isFirm: isFirm)
    }
}

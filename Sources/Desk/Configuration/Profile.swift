/// What an agent is for: kept in their row, changed by a supervisor, on record.
public struct Profile: Equatable, Sendable, Codable {
    /// Their grade; `nil`: every kind of work weighs as it usually does.
    public var grade: GradeID?
    /// The queues that they serve, ascending; `nil`: every queue.
    public var queues: [QueueID]?
    /// What they can do, ascending by skill.
    public var skills: [SkillLevel]
    /// The compartments that they may see into besides the open one, ascending: staff accounts, VIPs.
    public var compartments: [CompartmentID]
    /// Customers whom they must not serve, themselves included, ascending.
    public var barred: [CustomerID]

    /// A profile with these values.
    public init(
        grade: GradeID? = nil, queues: [QueueID]? = nil, skills: [SkillLevel] = [],
        compartments: [CompartmentID] = [], barred: [CustomerID] = []
    ) {
        self.grade = grade
        self.queues = queues
        self.skills = skills
        self.compartments = compartments
        self.barred = barred
    }

    /// Whether somebody with this profile could serve conversations that ask for this.
    func fits(_ line: WaitingLine.Name) -> Bool {
        if let queues, !queues.contains(line.queue) { return false }
        if let compartment = line.compartment, !compartments.contains(compartment) { return false }
        return line.needs.allSatisfy(has)
    }

    /// Whether somebody with this profile has a skill at this level at least.
    func has(_ need: SkillLevel) -> Bool {
        skills.contains { $0.skill == need.skill && $0.level >= need.level }
    }
}

/// What one agent is to be for.
public struct AgentProfile: Equatable, Sendable, Codable {
    /// The agent, who has been here before.
    public var agent: AgentID
    /// What they are to be for.
    public var profile: Profile

    /// This agent is to be for this.
    public init(agent: AgentID, profile: Profile) {
        self.agent = agent
        self.profile = profile
    }
}

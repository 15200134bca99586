import Desk
import Foundation
import Testing

/// Two agents, two queues, three customers, and everything that may happen to them.
@Suite("Every small history")
struct SmallHistoryTests {
    /// As many steps as are asked for by name, and a few otherwise: `ops/test histories` asks for 5.
    private static func length(of setup: Setup) -> Int {
        let asked = ProcessInfo.processInfo.environment["VENTANILLA_HISTORY_LENGTH"]
        return asked.flatMap { Int($0) }.map { min($0, setup.longest) } ?? setup.usualLength
    }

    @Test("keeps the promises P2 to P6 and P13 after each step", arguments: Setup.all)
    func keepsThePromises(setup: Setup) {
        var exploration = Exploration(setup, length: Self.length(of: setup))
        let time = ContinuousClock().measure { exploration.run() }
        if let finding = exploration.finding {
            Issue.record("\(finding.complaint) after \(finding.path)")
            return
        }
        #expect(exploration.histories >= setup.fewest)
        #expect(exploration.compared > 0)
        print(
            """
            ➜ \(setup.testDescription): \(exploration.histories) histories of \
            \(exploration.length) steps through \(exploration.forms) forms, \(exploration.steps) \
            steps judged, \(exploration.compared) known forms followed again, in \
            \(time.components.seconds) s
            """)
    }

    @Test("comes to the same when no scene is taken for known", arguments: Setup.all)
    func formsAreSound(setup: Setup) {
        let length = Self.length(of: setup) > setup.usualLength ? 3 : setup.plainLength
        var exploration = Exploration(setup, length: length)
        exploration.sampling = 1
        exploration.run()
        #expect(exploration.finding.map { "\($0.complaint) after \($0.path)" } == nil)
        let plain = Exploration.plainly(setup, length: length)
        #expect(plain.histories == exploration.histories)
        #expect(plain.forms == exploration.followed)
    }

    @Test("shows what is wrong", arguments: Fault.all + Fault.ofMatters)
    func findsFaults(fault: Fault) {
        // Those of which more steps are usual have fewer inputs.
        let setups = Setup.all.filter { $0.matter == fault.matter }
            .sorted { $0.usualLength > $1.usualLength }
        for length in 1...3 {
            for setup in setups {
                var exploration = Exploration(setup, length: length)
                exploration.fault = fault
                exploration.run()
                guard let finding = exploration.finding else { continue }
                print("➜ \(fault.testDescription): \(finding.complaint) after \(length) steps")
                return
            }
        }
        Issue.record("\(fault.testDescription) is not found")
    }
}

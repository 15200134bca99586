import Desk
import Testing

/// One line of a table: after these inputs, this one comes to these events.
struct Case: Sendable, CustomTestStringConvertible {
    enum Start: Sendable {
        /// Nothing has happened.
        case empty
        /// ``Scene/open(rules:)``
        case open
        /// ``Scene/talking(rules:)``
        case talking
        /// ``Scene/replied(rules:)``
        case replied
    }

    let testDescription: String
    let start: Start
    let given: [Input]
    let when: Input
    let then: [Event]
    let result: Int64

    init(
        _ name: String, _ start: Start, given: [Input] = [], when: Input, then: [Event],
        result: Int64 = 0
    ) {
        testDescription = name
        self.start = start
        self.given = given
        self.when = when
        self.then = then
        self.result = result
    }

    func check() {
        var scene = start.scene
        scene.run(given)
        let handled = scene.handle(when)
        #expect(handled.events == then)
        #expect(handled.result == result)
        #expect(scene.auditor.violations.isEmpty)
        #expect(scene.desk.state == scene.shelf.state)
    }
}

extension Case.Start {
    var scene: Scene {
        switch self {
        case .empty: Scene()
        case .open: .open()
        case .talking: .talking()
        case .replied: .replied()
        }
    }
}

/// One line of a table of refusals.
struct Refusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let start: Case.Start
    let given: [Input]
    let when: Input
    let rejection: Rejection

    init(
        _ name: String, _ start: Case.Start, given: [Input] = [], when: Input,
        _ code: Rejection.Code, _ field: String
    ) {
        testDescription = name
        self.start = start
        self.given = given
        self.when = when
        rejection = Rejection(code, field: field)
    }
}

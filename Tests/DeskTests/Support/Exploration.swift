import Desk

/// Every history of a setup up to a length: each form of scene is followed once.
struct Exploration {
    /// What one input came to, in a scene of some form.
    struct Outcome: Equatable {
        /// The place of the form that it led to.
        let place: Int
        /// How many events it had. What was unread tells only whether a reply marks it as read.
        let events: Int
        let rejection: Rejection?

        init(_ handled: Handled, to place: Int) {
            self.place = place
            events = handled.records.count {
                if case .conversationRead = $0.event { false } else { true }
            }
            rejection = handled.rejection
        }
    }
    /// What went wrong, with the history that shows it.
    struct Finding {
        let complaint: String
        let path: [Input]
    }
    private struct Node {
        let path: [Input]
        /// How many inputs there are, once it is followed.
        var inputs = 0
        /// What each came to, unless it is one step from the end.
        var outcomes: [Outcome] = []
    }

    let setup: Setup
    let length: Int
    /// One in so many scenes whose form is known is followed all the same, to compare.
    var sampling = 20
    /// Changes the rows that the desk goes on from, after every step.
    var fault: Fault?

    private var nodes: [Node] = []
    private var places: [Form: Int] = [:]
    private var known: [(place: Int, scene: Scene)] = []
    private var knownCount = 0
    /// How many inputs were handled and judged.
    private(set) var steps = 0
    /// How many scenes were followed whose form was known.
    private(set) var compared = 0
    private(set) var finding: Finding?

    init(_ setup: Setup, length: Int) {
        self.setup = setup
        self.length = length
    }

    /// How many forms of scene were followed.
    var forms: Int { nodes.count }

    /// Follows every form that is reached before the last step, those reached by fewer steps first.
    mutating func run() {
        let start = setup.scene()
        var level = [(place: add(setup.form(of: start), path: []), scene: start)]
        for depth in 0..<length {
            var next: [(place: Int, scene: Scene)] = []
            for (place, scene) in level {
                follow(place, scene, depth, &next)
                guard finding == nil else { return }
            }
            level = next
        }
        compareKnown()
    }

    private mutating func add(_ form: Form, path: [Input]) -> Int {
        places[form] = nodes.count
        nodes.append(Node(path: path))
        return nodes.count - 1
    }

    private mutating func follow(
        _ place: Int, _ scene: Scene, _ depth: Int, _ next: inout [(place: Int, scene: Scene)]
    ) {
        let path = nodes[place].path
        let inputs = setup.inputs(in: scene)
        nodes[place].inputs = inputs.count
        for input in inputs {
            var scene = scene
            let handled = setup.step(&scene, input)
            steps += 1
            judge(scene, path, input)
            guard finding == nil else { return }
            guard depth + 1 < length else { continue }
            if let fault { scene.misread(fault.change) }
            let form = setup.form(of: scene)
            let former = places[form]
            let reached = former ?? add(form, path: path + [input])
            nodes[place].outcomes.append(Outcome(handled, to: reached))
            if former != nil {
                if handled.rejection == nil { keep(scene, reached) }
            } else if depth + 2 < length {
                next.append((reached, scene))
            } else {
                // All that is reached by fewer steps is known, so this need not wait its turn.
                follow(reached, scene, depth + 1, &next)
            }
        }
    }

    private mutating func judge(_ scene: Scene, _ path: [Input], _ input: Input) {
        let rows = scene.desk.state == scene.shelf.state || fault != nil ? [] : ["rows differ"]
        let complaints = scene.auditor.violations + rows
        let complaint = fault.map { fault in complaints.first { $0.contains(fault.complaint) } }
        guard let found = complaint ?? complaints.first else { return }
        finding = Finding(complaint: found, path: path + [input])
    }

    private mutating func keep(_ scene: Scene, _ place: Int) {
        guard fault == nil, nodes[place].path.count + 1 < length else { return }
        knownCount += 1
        if knownCount.isMultiple(of: sampling) { known.append((place, scene)) }
    }

    /// Follows scenes whose form was known: what they come to must be known, too.
    private mutating func compareKnown() {
        for (place, scene) in known {
            compared += 1
            let inputs = setup.inputs(in: scene)
            let outcomes = inputs.map { input in
                var scene = scene
                let handled = setup.step(&scene, input)
                return Outcome(handled, to: places[setup.form(of: scene)] ?? -1)
            }
            guard outcomes != nodes[place].outcomes else { continue }
            let different = zip(inputs, zip(outcomes, nodes[place].outcomes)).first { $1.0 != $1.1 }
            finding = Finding(
                complaint: "a form is too coarse: \(String(describing: different))",
                path: nodes[place].path)
            return
        }
    }

    /// How many histories there are of this length: as many as ways through the forms.
    var histories: Int {
        var ways = [0: 1]
        for _ in 1..<length {
            var next: [Int: Int] = [:]
            for (place, count) in ways {
                for outcome in nodes[place].outcomes { next[outcome.place, default: 0] += count }
            }
            ways = next
        }
        return ways.reduce(0) { $0 + $1.value * nodes[$1.key].inputs }
    }

    /// Follows every history by itself, whatever form its scenes have: how many there are, and the
    /// forms of all scenes before their last steps.
    static func plainly(_ setup: Setup, length: Int) -> (histories: Int, forms: Set<Form>) {
        var scenes = [setup.scene()]
        var forms: Set<Form> = [setup.form(of: scenes[0])]
        for _ in 1..<length {
            scenes = scenes.flatMap { scene in
                setup.inputs(in: scene).map { input in
                    var next = scene
                    _ = setup.step(&next, input)
                    return next
                }
            }
            forms.formUnion(scenes.map(setup.form))
        }
        return (scenes.reduce(0) { $0 + setup.inputs(in: $1).count }, forms)
    }

    /// The forms that were followed.
    var followed: Set<Form> { Set(places.keys) }
}

import Foundation
import Glibc

/// What the kernel says of processes, from /proc (proc(5)).
enum Processes {
    private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))

    /// CPU seconds of a process and all that descends from it, also of those that have ended.
    ///
    /// Of what runs they are counted by the nanosecond (schedstat), of what has ended by the tick.
    static func treeSeconds(_ root: Int32) -> Double {
        var children: [Int32: [Int32]] = [:]
        var own: [Int32: Double] = [:]
        for process in all() {
            guard let fields = status(of: process) else { continue }
            children[Int32(fields[1]) ?? 0, default: []].append(process)
            own[process] = running(process) ?? ticks(fields, 11...12)
            own[process, default: 0] += ticks(fields, 13...14)
        }
        var seconds = 0.0
        var open = [root]
        while let process = open.popLast() {
            seconds += own[process] ?? 0
            open += children[process] ?? []
        }
        return seconds
    }

    /// CPU seconds of everything on the machine.
    static func machineSeconds() -> Double {
        guard let line = read("/proc/stat")?.split(separator: "\n").first else { return 0 }
        let fields = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
        guard fields.count == 8 else { return 0 }
        // user, nice, system, interrupts; not idle, waiting, or what the host took.
        return (fields[0] + fields[1] + fields[2] + fields[5] + fields[6]) / ticksPerSecond
    }

    /// Bytes of a process's own memory, and of what it shares divided among the sharers.
    static func memory(_ process: Int32) -> (anonymous: Int, proportional: Int) {
        (
            kibibytes("RssAnon:", in: "/proc/\(process)/status") * 1_024,
            kibibytes("Pss:", in: "/proc/\(process)/smaps_rollup") * 1_024
        )
    }

    private static func all() -> [Int32] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc")
        return (names ?? []).compactMap { Int32($0) }
    }

    /// The fields of /proc/PID/stat after the name, which may hold anything: state, parent, ….
    private static func status(of process: Int32) -> [Substring]? {
        guard let text = read("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 15 ? fields : nil
    }

    /// utime and stime, or both of children that ended and were waited for.
    private static func ticks(_ fields: [Substring], _ places: ClosedRange<Int>) -> Double {
        fields[places].reduce(0) { $0 + (Double($1) ?? 0) } / ticksPerSecond
    }

    /// What the threads of a process have run for; nil where the kernel does not tell.
    private static func running(_ process: Int32) -> Double? {
        let tasks = "/proc/\(process)/task"
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: tasks) else {
            return nil
        }
        var nanoseconds = 0.0
        for name in names {
            guard let first = read("\(tasks)/\(name)/schedstat")?.split(separator: " ").first,
                let time = Double(first)
            else { return nil }
            nanoseconds += time
        }
        return nanoseconds / 1e9
    }

    private static func kibibytes(_ name: String, in file: String) -> Int {
        let line = read(file)?.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(separator: " ").compactMap { Int($0) }.first ?? 0
    }

    private static func read(_ file: String) -> String? {
        try? String(contentsOfFile: file, encoding: .utf8)
    }
}

/// CPU seconds used so far by all that takes part, and by the machine.
struct Usage {
    let server: Double
    let database: Double
    let driver: Double
    let machine: Double

    /// Reads them now.
    init(of target: Target) {
        server = Processes.treeSeconds(target.serverProcess)
        database = Processes.treeSeconds(target.databaseProcess)
        driver = Processes.treeSeconds(getpid())
        machine = Processes.machineSeconds()
    }

    private init(server: Double, database: Double, driver: Double, machine: Double) {
        self.server = server
        self.database = database
        self.driver = driver
        self.machine = machine
    }

    /// What was used since `earlier`.
    func since(_ earlier: Usage) -> Usage {
        Usage(
            server: server - earlier.server, database: database - earlier.database,
            driver: driver - earlier.driver, machine: machine - earlier.machine)
    }

    /// What others on the machine used.
    var others: Double { max(0, machine - server - database - driver) }
}

/// Seeds that once failed, by what was wrong: they are always run. The name tells the fault; what a
/// seed plays changes with the simulator, so each fault found has a test of its own as well.
enum PastFailures {
    static let seeds: [(name: String, seed: UInt64)] = [
        ("a beginning whose sender gave up was committed and never posted", 657),
        ("a beginning whose sender gave up was committed and never posted", 894),
        ("a console opened a socket to a node that was down", 1_835_453_733),
        ("somebody came for reserved heavy work, and the room it had kept stayed empty", 93),
        ("somebody came for reserved heavy work, and the room it had kept stayed empty", 442),
        ("a wrap-up that ended no later silently let an earlier one be extended further", 475),
        ("a wrap-up that ended no later silently let an earlier one be extended further", 689),
        ("a node died before it took the socket of a console that resumes", 635),
    ]
}

/// How often what goes wrong, per million chances. Each seed has its own: some faults only show when
/// others are absent.
struct Weather {
    var crash = 0
    var pause = 0
    var prefetchLost = 0
    var commitUnknown = 0
    var commitUnavailable = 0
    var commitRetry = 0
    var reloadLost = 0
    var databaseAway = 0
    var poison = 0
    var duplicate = 0
    var webhookLost = 0
    var sendUnknown = 0
    var sendRefused = 0
    var echoLost = 0
    var disconnect = 0
    var wrongNode = 0
    var drain = 0
    /// The shortest lease that the database grants, in milliseconds: the lease only limits overlap,
    /// so nothing may depend on how long it is.
    var shortestLease: Int64 = 10_000

    static let calm = Weather()

    /// Draws a seed's weather.
    init(from generator: inout Generator) {
        func draw(_ often: Int) -> Int {
            switch generator.below(4) {
            case 0: 0
            case 1: often / 4
            default: often
            }
        }
        crash = draw(400)
        pause = draw(600)
        prefetchLost = draw(10_000)
        commitUnknown = draw(30_000)
        commitUnavailable = draw(10_000)
        commitRetry = draw(20_000)
        reloadLost = draw(100_000)
        databaseAway = draw(30_000)
        poison = draw(22_000)
        duplicate = draw(150_000)
        webhookLost = draw(50_000)
        sendUnknown = draw(120_000)
        sendRefused = draw(120_000)
        echoLost = draw(250_000)
        disconnect = draw(60_000)
        wrongNode = draw(50_000)
        drain = draw(8_000)
        shortestLease = generator.below(2) == 0 ? 300 : 10_000
    }

    private init() {}
}

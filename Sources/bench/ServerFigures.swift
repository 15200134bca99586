import EventLoop

/// What the server counts of itself, from its `/metrics`.
struct ServerFigures {
    let inputs: Double
    let commits: Double

    /// Reads them now.
    @LoopActor init(of target: Target, through client: HTTPClient) async throws {
        let response = try await client.send(
            HTTPClientRequest(
                method: .get, url: "http://\(target.address):\(target.port)/metrics",
                idempotent: true))
        let lines = String(decoding: response.body, as: UTF8.self).split(separator: "\n")
        func sum(_ name: String) -> Double {
            lines.filter { $0.hasPrefix(name) && !$0.hasPrefix("#") }
                .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
        }
        inputs = sum("ventanilla_inputs_committed_total")
        commits = sum("ventanilla_commits_total")
    }
}

extension Target {
    /// Waits until the server owns its desk and serves.
    @LoopActor func waitUntilReady(_ loop: Loop) async throws {
        let client = HTTPClient(loop: loop, configuration: HTTPClient.Configuration())
        defer { client.close() }
        let deadline = loop.monotonic + 30_000
        while loop.monotonic < deadline {
            let response = try? await client.send(
                HTTPClientRequest(
                    method: .get, url: "http://\(address):\(port)/readyz", idempotent: true))
            if response?.status == 200 { return }
            await loop.sleep(for: .milliseconds(50))
        }
        throw Failure("the server was not ready within 30 s")
    }
}

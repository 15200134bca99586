import Desk

/// Customers who waited unanswered and fell silent, counted by adding up open time from input to input.
extension Auditor {
    /// How much open time may pass before a customer is given up; `nil`: they never are, or not now.
    func silenceLeft(of book: Book) -> Int64? {
        guard case .queue(let name) = book.owner, book.offer == nil, let silence = book.silence,
            let limit = queue(name)?.abandonment
        else { return nil }
        return limit - silence
    }

    /// Into a queue that gives customers up out of one that does not, silence begins.
    mutating func carrySilence(of id: ConversationID, to goal: QueueID) {
        guard let book = books[id], book.queue != goal, book.silence == nil,
            queue(book.queue)?.abandonment == nil, queue(goal)?.abandonment != nil
        else { return }
        books[id]?.silence = 0
    }

    /// Who waits where silence gets an end is silent from then on.
    mutating func beginSilences(insteadOf former: Configuration) {
        for (id, book) in books {
            guard case .queue(let name) = book.owner, book.silence == nil,
                queue(name)?.abandonment != nil, former.queue(name)?.abandonment == nil
            else { continue }
            books[id]?.silence = 0
        }
    }

    /// When customers are given up; `nil` for the outer when somebody should have been.
    var nextEndsOfSilence: [Instant]? {
        var moments: [Instant] = []
        for book in books.values {
            guard let left = silenceLeft(of: book) else { continue }
            guard left > 0 else { return nil }
            if let next = instant(in: book.queue, after: lastMoment, open: left) {
                moments.append(next)
            }
        }
        return moments
    }
}

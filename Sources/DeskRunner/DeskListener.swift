public import Engine
public import EventLoop

/// Who is told what a desk did. Called on the loop, in the order of commits, before the answers of the
/// same release are given.
@LoopActor public protocol DeskListener: AnyObject {
    /// A batch was committed: its events may be pushed and its jobs begun.
    func released(_ release: Release)
    /// The state was read anew under this epoch: sockets and jobs take up from here, and open
    /// connections must be told to the desk again.
    func resumed(_ reloaded: Reloaded)
    /// A commit did not end well or the database is away: nothing is decided until ``resumed(_:)``.
    func interrupted()
    /// Another node owns the desk, or this one gave it back.
    func stoodBy()
}

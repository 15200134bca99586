// The loop on which this target's tests run is shared with the tests of other rooms, since all of
// them run in one process.
@_exported import LoopFixture

-- Silence and the pace of a queue pass only while the queue is open: what they began with is a reading of
-- the queue's clock of opening time (queue_states.open_time), no moment. A conversation that its queue
-- gives up after a silence has the reading in its routing document ("silentSince"); one that waited when
-- this came has none and is not given up until its customer comes into a queue again.

-- What was waited for then begins anew with the next who is served.
ALTER TABLE queue_paces ALTER COLUMN since TYPE bigint USING NULL;

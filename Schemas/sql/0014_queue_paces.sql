-- How fast the customers of a queue come to be served, for queues that announce waits: what the expected
-- wait is estimated from. Written with the commit in which somebody was served.
CREATE TABLE queue_paces (
    desk bigint NOT NULL REFERENCES desks,
    queue bigint NOT NULL CHECK (queue > 0),
    -- From one customer being served to the next while somebody waits, in milliseconds: a running mean.
    pace bigint NOT NULL CHECK (pace >= 0),
    -- Since when the next is waited for; NULL: nobody waits.
    since timestamptz,
    PRIMARY KEY (desk, queue)
) WITH (fillfactor = 50);

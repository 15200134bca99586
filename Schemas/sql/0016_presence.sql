-- More ways of being there: at work on what one holds, and writing up what one let go of.
ALTER TABLE agents
    DROP CONSTRAINT agents_presence_check,
    ADD CONSTRAINT agents_presence
        CHECK (presence IN ('available', 'away', 'offline', 'busy', 'wrapUp')),
    -- Since when the presence holds, its reason included. Unknown of rows from before: now.
    ADD presence_since timestamptz NOT NULL DEFAULT now(),
    -- Why they are away, their wrap-up, the end of their shift; NULL: nothing.
    ADD attendance jsonb CHECK (jsonb_typeof(attendance) = 'object'),
    -- Who writes up does so until a stored moment, and nobody else has one.
    ADD CONSTRAINT agents_wrap_up CHECK (
        (presence = 'wrapUp') = (coalesce(attendance #>> '{wrapUp,until}', '') <> '')),
    ADD CONSTRAINT agents_away_reason CHECK (
        presence = 'away' OR attendance ->> 'awayReason' IS NULL),
    -- Whose shift is over is there, and it had an end.
    ADD CONSTRAINT agents_shift_end CHECK (
        coalesce(attendance ->> 'hasShiftEnded', 'false') = 'false'
        OR (presence <> 'offline' AND attendance ->> 'shiftEnd' IS NOT NULL));
ALTER TABLE agents ALTER COLUMN presence_since DROP DEFAULT;

-- Who was there, as what, and for how long. Nobody is offline here: that is what lies between.
CREATE TABLE presence_periods (
    desk bigint NOT NULL,
    agent bigint NOT NULL,
    -- The event that began it; 0: it had begun before this was kept.
    event bigint NOT NULL CHECK (event >= 0),
    presence text NOT NULL CHECK (presence IN ('available', 'away', 'busy', 'wrapUp')),
    -- Why they are away: a number of the configuration's reasons, or negative for what is built in
    -- (-1 let offers pass, -2 set by a supervisor, -3 has just come); NULL: none was given.
    reason bigint CHECK (reason <> 0),
    began_at timestamptz NOT NULL,
    -- NULL: it goes on.
    ended_at timestamptz,
    PRIMARY KEY (desk, agent, event),
    FOREIGN KEY (desk, agent) REFERENCES agents,
    CONSTRAINT presence_periods_order CHECK (ended_at >= began_at),
    CONSTRAINT presence_periods_reason CHECK (presence = 'away' OR reason IS NULL)
);
-- An agent is one thing at a time.
CREATE UNIQUE INDEX presence_periods_one_open ON presence_periods (desk, agent)
    WHERE ended_at IS NULL;
CREATE INDEX presence_periods_began_at ON presence_periods (desk, began_at);

INSERT INTO presence_periods (desk, agent, event, presence, began_at)
SELECT desk, agent, 0, presence, presence_since FROM agents WHERE presence <> 'offline';

-- For the report of who had something to do and when: assignments lie in the order in which they
-- began, so a summary of the order is enough and costs next to nothing to keep.
CREATE INDEX assignments_began_at ON assignments USING brin (began_at);

UPDATE event_kinds SET numbers = 'agent, presence [by] [reason]' WHERE kind = 17;
INSERT INTO event_kinds (kind, name, numbers) VALUES
    (30, 'wrapUpChanged', 'agent, until'),
    (31, 'shiftEndChanged', 'agent, has end, end, by'),
    (32, 'shiftEnded', 'agent');

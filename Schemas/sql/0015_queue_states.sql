-- What changes about a queue while the desk runs. Only queues that have hours, that a supervisor
-- closed or opened, or that promise anything have a row; any other is open.
CREATE TABLE queue_states (
    desk bigint NOT NULL REFERENCES desks,
    queue bigint NOT NULL CHECK (queue > 0),
    is_open boolean NOT NULL,
    -- How long it had been open at counted_at, in milliseconds, on a clock that shows the
    -- milliseconds since 1970 until the queue first closes, and stands while it is closed. Targets
    -- count by it.
    open_time bigint NOT NULL CHECK (open_time >= 0),
    counted_at timestamptz NOT NULL,
    -- When it is open by its hours, as far as it is known: {"knownUntil", "periods": [{"from",
    -- "until"}]} in milliseconds since 1970; NULL: always.
    hours jsonb CHECK (jsonb_typeof(hours) = 'object'),
    -- What a supervisor ordered, who, and until when; it wins over the hours.
    ordered_open boolean,
    ordered_until timestamptz,
    ordered_by bigint CHECK (ordered_by > 0),
    -- How promises were kept since a moment, a day at the longest; NULL before the first. What is
    -- promised to a conversation and not done yet is in its routing document: what ("kind"), since
    -- when, what open_time will be at its end ("due"), how long before it is warned of, and how far
    -- it is ("stage").
    targets_since timestamptz,
    targets_met bigint CHECK (targets_met >= 0),
    targets_late bigint CHECK (targets_late >= 0),
    PRIMARY KEY (desk, queue),
    CONSTRAINT queue_states_targets CHECK (
        num_nulls(targets_since, targets_met, targets_late) IN (0, 3)),
    CONSTRAINT queue_states_order CHECK (
        (ordered_open IS NULL) = (ordered_by IS NULL)
        AND (ordered_open IS NOT NULL OR ordered_until IS NULL)
        AND (ordered_open IS NULL OR ordered_open = is_open))
);

UPDATE event_kinds SET numbers = 'conversation, has priority, priority, by (0: the desk)'
 WHERE kind = 26;
INSERT INTO event_kinds (kind, name, numbers) VALUES
    (35, 'queueTurned', 'queue, is open, has until, until [by]'),
    (36, 'queueHoursSet', 'queue, has next, next, known until'),
    (37, 'targetWarned', 'conversation, kind, calls a supervisor, has deadline, deadline'),
    (38, 'targetBreached', 'conversation, kind, calls a supervisor'),
    (39, 'targetMet', 'conversation, kind, is late');

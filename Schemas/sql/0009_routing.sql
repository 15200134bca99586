-- Routing: what decides who may take a conversation, what agents are for, and by what the desk
-- routes. Documents are JSON of the program's own values, keys sorted; they hold numbers and the
-- names that a supervisor gave to queues and skills, nothing of a customer.

-- The offer that stands. The other columns of a conversation say whose it is; an offer changes that
-- only when it is accepted.
ALTER TABLE conversations
    ADD offered_to bigint CHECK (offered_to > 0),
    ADD offer_deadline timestamptz,
    -- The owner wants to pass it on; otherwise the desk offers it out of its queue.
    ADD offer_is_transfer boolean,
    -- What it asks for itself, its priority, who declined it, for whom it is kept; NULL: nothing.
    ADD routing jsonb CHECK (jsonb_typeof(routing) = 'object'),
    -- Every offer ends by itself.
    ADD CONSTRAINT conversations_offer_whole
        CHECK ((offered_to IS NULL) = (offer_deadline IS NULL)
            AND (offered_to IS NULL) = (offer_is_transfer IS NULL)),
    -- Offered is what waits in a queue, or what its owner passes on; nothing that is closed.
    ADD CONSTRAINT conversations_offer_owner
        CHECK (offered_to IS NULL
            OR owner = CASE WHEN offer_is_transfer THEN 'agent' ELSE 'queue' END),
    ADD CONSTRAINT conversations_offer_to_another
        CHECK (owner <> 'agent' OR offered_to IS DISTINCT FROM owner_id);

ALTER TABLE agents
    -- Grade, queues, skills, compartments, customers whom they must not serve; NULL: nothing.
    ADD profile jsonb CHECK (jsonb_typeof(profile) = 'object'),
    -- How many offers in a row they let pass.
    ADD missed_offers integer NOT NULL DEFAULT 0 CHECK (missed_offers >= 0);

-- Who ordered a change of owner (NULL: the desk, the customer or the new owner), and how the desk
-- chose, where it did.
ALTER TABLE handoffs
    ADD ordered_by bigint CHECK (ordered_by > 0),
    -- The version of the configuration in force.
    ADD chosen_under bigint CHECK (chosen_under >= 0),
    -- How many waited in the line; how many agents on duty fitted it; how many of those had room.
    ADD chosen_of_waiting integer,
    ADD chosen_of_on_duty integer,
    ADD chosen_of_ready integer,
    -- How many relaxations were in force.
    ADD chosen_relaxed integer CHECK (chosen_relaxed >= 0),
    -- Who would have been next.
    ADD chosen_before bigint CHECK (chosen_before > 0),
    ADD CONSTRAINT handoffs_choice CHECK (
        num_nulls(chosen_under, chosen_of_waiting, chosen_of_on_duty, chosen_of_ready,
            chosen_relaxed) IN (0, 5)
        AND (chosen_under IS NOT NULL OR chosen_before IS NULL)),
    -- The chosen one is counted: on duty, with room, among those who fit.
    ADD CONSTRAINT handoffs_choice_counts CHECK (chosen_under IS NULL OR (
        to_owner = 'agent' AND chosen_of_waiting > 0 AND chosen_of_ready > 0
        AND chosen_of_on_duty >= chosen_of_ready)),
    -- What only a supervisor may order names who did.
    ADD CONSTRAINT handoffs_ordered_by CHECK (ordered_by IS NOT NULL
        OR reason NOT IN ('moved', 'assignedBySupervisor', 'assignedOverCapacity'));

-- What the desk routes by: each version for good, in force from the event of its number on. The
-- highest is the current one; a desk without a row has the one that every desk starts with.
CREATE TABLE configurations (
    desk bigint NOT NULL REFERENCES desks,
    version bigint NOT NULL CHECK (version > 0),
    document jsonb NOT NULL,
    -- A supervisor; 0: the operator, by import.
    set_by bigint NOT NULL CHECK (set_by >= 0),
    at timestamptz NOT NULL,
    PRIMARY KEY (desk, version),
    CONSTRAINT configurations_document CHECK (jsonb_typeof(document) = 'object'
        AND document ->> 'version' = version::text)
);
CREATE TRIGGER configurations_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON configurations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A version is the number of the event that brought it into force. Written after the events.
CREATE FUNCTION check_configurations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
         WHERE NOT EXISTS (SELECT FROM events
                            WHERE events.desk = added.desk AND events.number = added.version
                              AND events.kind = 28))
    THEN
        RAISE EXCEPTION 'a configuration without its event' USING
            ERRCODE = 'check_violation', TABLE = 'configurations',
            CONSTRAINT = 'configurations_on_record';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER configurations_on_record AFTER INSERT ON configurations
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_configurations();

-- What stands in brackets may be missing at the end: so an older row means what it meant.
UPDATE event_kinds SET numbers = 'conversation, handoff, from owner, from id, to owner, to id, '
    'reason [by] [configuration, waiting, on duty, ready, relaxed, runner-up]' WHERE kind = 12;
UPDATE event_kinds SET numbers = 'agent, presence [by]' WHERE kind = 17;
INSERT INTO event_kinds (kind, name, numbers) VALUES
    (22, 'offerMade', 'conversation, agent, deadline, is transfer [configuration, waiting, '
        'on duty, ready, relaxed, runner-up]'),
    (23, 'offerEnded', 'conversation, agent, end, reason'),
    (24, 'needsRelaxed', 'conversation, steps'),
    (25, 'needsChanged', 'conversation, by'),
    (26, 'priorityChanged', 'conversation, has priority, priority, by'),
    (27, 'profileChanged', 'agent, by'),
    (28, 'configurationChanged', 'by');

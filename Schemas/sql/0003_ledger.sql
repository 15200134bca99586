-- The ledger: accepted facts, numbered without gaps and hash-chained; the keys that recognise a
-- repetition; and what was set aside.
--
-- events and handoffs are only ever added to. The application needs INSERT and SELECT on them, no
-- more (see README.md); a trigger refuses the rest even to the owner of the tables.

-- No column here can hold a text or a platform id: numbers, and bytes of fixed meaning.
CREATE TABLE events (
    desk bigint NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    at timestamptz NOT NULL,
    epoch bigint NOT NULL CHECK (epoch > 0),
    -- The conversation it is about, if any.
    conversation bigint,
    -- See event_kinds.
    kind smallint NOT NULL CHECK (kind > 0),
    -- SHA-256 over the hash before and this row's canonical bytes (README.md).
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    -- The agents whose feed it is on, ascending.
    audience bigint[] NOT NULL,
    -- One byte with the version of the encoding, then numbers of 8 bytes, most significant first.
    body bytea NOT NULL CHECK (octet_length(body) % 8 = 1 AND octet_length(body) <= 129),
    PRIMARY KEY (desk, number)
);
-- Not unique and not used by the application: for the auditor's question "what happened here?".
CREATE INDEX events_by_conversation ON events (desk, conversation, number)
    WHERE conversation IS NOT NULL;

-- Each statement that adds events must begin right after the desk's latest one, leave no gap, and
-- carry the desk's epoch; it advances the desk's row.
CREATE FUNCTION check_events() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT desk, min(number) AS first, max(number) AS last, count(*) AS amount,
               min(epoch) AS lowest_epoch, max(epoch) AS highest_epoch
          FROM added GROUP BY desk ORDER BY desk
    LOOP
        UPDATE desks
           SET last_event = part.last,
               last_hash = (SELECT hash FROM events
                             WHERE events.desk = part.desk AND events.number = part.last)
         WHERE desks.desk = part.desk
           AND desks.last_event = part.first - 1
           AND part.amount = part.last - part.first + 1
           AND desks.epoch = part.lowest_epoch
           AND desks.epoch = part.highest_epoch;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the events do not continue the ledger' USING
                ERRCODE = 'check_violation', TABLE = 'events', CONSTRAINT = 'events_gap_free';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER events_gap_free AFTER INSERT ON events
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_events();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this table is only added to' USING
        ERRCODE = 'insufficient_privilege', TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER events_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER handoffs_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON handoffs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What the numbers in events.kind mean; for people, the application has its own list.
CREATE TABLE event_kinds (
    kind smallint PRIMARY KEY,
    name text NOT NULL UNIQUE,
    -- What each number of the body stands for, in order. 0 as an id: none.
    numbers text NOT NULL
);
INSERT INTO event_kinds (kind, name, numbers) VALUES
    (1, 'customerMet', 'customer, thread (first half), thread (second half)'),
    (2, 'conversationOpened', 'conversation, customer, queue'),
    (3, 'messageReceived', 'conversation, message, message kind, written at'),
    (4, 'messageSentElsewhere', 'conversation, message, written at'),
    (5, 'messageWritten', 'conversation, message, agent, job'),
    (6, 'messagesDelivered', 'conversation, up to'),
    (7, 'messagesRead', 'conversation, up to'),
    (8, 'messageReacted', 'conversation, message, is removed'),
    (9, 'messageEdited', 'conversation, message'),
    (10, 'messageDeleted', 'conversation, message'),
    (11, 'channelEventKept', 'conversation'),
    (12, 'ownerChanged', 'conversation, handoff, from owner, from id, to owner, to id, reason'),
    (13, 'conversationRead', 'conversation, agent'),
    (14, 'agentEntered', 'agent, capacity'),
    (15, 'agentConnected', 'agent'),
    (16, 'agentDisconnected', 'agent, has deadline, deadline'),
    (17, 'presenceChanged', 'agent, presence'),
    (18, 'capacityChanged', 'agent, capacity, by'),
    (19, 'jobChanged', 'job, conversation, message, state, has value, value, attempts'),
    (20, 'epochBegan', ''),
    (21, 'inputQuarantined', '');

CREATE FUNCTION event_numbers(body bytea) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(
        ('x' || encode(substring(body FROM 2 + 8 * place FOR 8), 'hex'))::bit(64)::bigint
        ORDER BY place), '{}')
      FROM generate_series(0, octet_length(body) / 8 - 1) AS place
$$;
-- The ledger as a person reads it.
CREATE VIEW ledger AS
    SELECT events.desk, events.number, events.at, events.epoch, event_kinds.name AS kind,
           events.conversation, events.audience, event_numbers(events.body) AS numbers
      FROM events LEFT JOIN event_kinds USING (kind);

-- Accepted inputs by their key, so that a repetition is answered and not decided again.
CREATE TABLE keys (
    desk bigint NOT NULL,
    key bytea NOT NULL CHECK (octet_length(key) = 16),
    -- HMAC of a command's parameters: the same key with others is refused.
    parameters bytea CHECK (octet_length(parameters) = 16),
    result bigint NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (desk, key)
);
CREATE INDEX keys_by_age ON keys USING brin (stored_at) WITH (pages_per_range = 32);

-- Inputs that the database refused, by the number of the event that says so.
CREATE TABLE quarantine (
    desk bigint NOT NULL REFERENCES desks,
    event bigint NOT NULL,
    key bytea CHECK (octet_length(key) = 16),
    -- The channel's name of the kind of event.
    kind text,
    -- What the database said: the condition and, if one was broken, the constraint's name.
    sqlstate text,
    broken_constraint text,
    at timestamptz NOT NULL,
    -- The input as it came, sealed under the desk's content key.
    sealed_body bytea,
    PRIMARY KEY (desk, event)
);

-- Events of the channel that belong to no conversation, kept as they came for a named time.
CREATE TABLE kept_events (
    desk bigint NOT NULL REFERENCES desks,
    event bigint NOT NULL,
    kind text,
    at timestamptz NOT NULL,
    -- Sealed under the desk's content key.
    sealed_body bytea,
    PRIMARY KEY (desk, event)
);

-- The state rows: all that a desk is reloaded from; and the texts beside them.
--
-- There is one writer per desk (see lock_desk) whose rules keep all of this in order. The
-- constraints and triggers here are the second, independent guard: a wrong rule is refused, not
-- stored. Triggers work on whole statements, because a commit writes each table once.
-- Foreign keys stand where rows are rare; a check of every message or event against a conversation
-- that the same transaction has just written would cost as much as the row itself.

-- One person on one page.
CREATE TABLE customers (
    desk bigint NOT NULL REFERENCES desks,
    customer bigint NOT NULL CHECK (customer > 0),
    -- HMAC of page and platform id under the desk's digest key.
    thread bytea NOT NULL CHECK (octet_length(thread) = 16),
    met_at timestamptz NOT NULL,
    -- The customer's key, wrapped; deleting it erases everything that is sealed under it.
    wrapping_key bytea CHECK (octet_length(wrapping_key) = 8),
    sealed_key bytea CHECK (octet_length(sealed_key) = 60),
    -- Page and platform id, sealed under the customer's key.
    sealed_address bytea,
    PRIMARY KEY (desk, customer),
    UNIQUE (desk, thread),
    CHECK ((wrapping_key IS NULL) = (sealed_key IS NULL))
);

-- One customer's conversation; reopened, not replaced, when the customer writes again.
CREATE TABLE conversations (
    desk bigint NOT NULL,
    conversation bigint NOT NULL CHECK (conversation > 0),
    customer bigint NOT NULL,
    thread bytea NOT NULL CHECK (octet_length(thread) = 16),
    queue bigint NOT NULL,
    -- Who it belongs to; nobody: it is closed. owner_id names the queue or the agent, else it is 0.
    owner text NOT NULL CHECK (owner IN ('nobody', 'bot', 'queue', 'agent')),
    owner_id bigint NOT NULL,
    -- The number of the latest handoff; 0: none yet.
    handoffs integer NOT NULL CHECK (handoffs >= 0),
    waiting_since timestamptz NOT NULL,
    opened_at timestamptz NOT NULL,
    last_message_at timestamptz NOT NULL,
    customer_wrote_at timestamptz NOT NULL,
    unread integer NOT NULL CHECK (unread >= 0),
    PRIMARY KEY (desk, conversation),
    FOREIGN KEY (desk, customer) REFERENCES customers,
    CONSTRAINT conversations_owner_id CHECK ((owner IN ('queue', 'agent')) = (owner_id > 0)
        AND owner_id >= 0)
) WITH (fillfactor = 70);
-- Second guard of promise P2: one open conversation per page and customer.
CREATE UNIQUE INDEX conversations_one_open ON conversations (desk, thread) WHERE owner <> 'nobody';
CREATE INDEX conversations_by_thread ON conversations (desk, thread, conversation);

-- One change of owner, for good.
CREATE TABLE handoffs (
    desk bigint NOT NULL,
    conversation bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    -- The event that records it.
    event bigint NOT NULL,
    at timestamptz NOT NULL,
    from_owner text NOT NULL CHECK (from_owner IN ('nobody', 'bot', 'queue', 'agent')),
    from_id bigint NOT NULL,
    to_owner text NOT NULL CHECK (to_owner IN ('nobody', 'bot', 'queue', 'agent')),
    to_id bigint NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (desk, conversation, number),
    CONSTRAINT handoffs_first CHECK (number > 1 OR from_owner IN ('nobody', 'bot')),
    CONSTRAINT handoffs_changes CHECK ((from_owner, from_id) <> (to_owner, to_id)),
    CONSTRAINT handoffs_from_id CHECK ((from_owner IN ('queue', 'agent')) = (from_id > 0)),
    CONSTRAINT handoffs_to_id CHECK ((to_owner IN ('queue', 'agent')) = (to_id > 0))
);

-- Second guard of promise P6: the from of a handoff is the to of the one before it.
CREATE FUNCTION check_handoffs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
          LEFT JOIN handoffs AS before ON before.desk = added.desk
           AND before.conversation = added.conversation AND before.number = added.number - 1
         WHERE added.number > 1
           AND (added.from_owner, added.from_id)
               IS DISTINCT FROM (before.to_owner, before.to_id))
    THEN
        RAISE EXCEPTION 'a handoff does not follow from the one before' USING
            ERRCODE = 'check_violation', TABLE = 'handoffs', CONSTRAINT = 'handoffs_chain';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER handoffs_chain AFTER INSERT ON handoffs
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_handoffs();

-- An agent's hold on a conversation, from the handoff that began it.
CREATE TABLE assignments (
    desk bigint NOT NULL,
    conversation bigint NOT NULL,
    handoff integer NOT NULL,
    agent bigint NOT NULL CHECK (agent > 0),
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (desk, conversation, handoff),
    FOREIGN KEY (desk, conversation, handoff) REFERENCES handoffs
);
-- Second guard of promise P2: one open assignment per conversation.
CREATE UNIQUE INDEX assignments_one_open ON assignments (desk, conversation)
    WHERE ended_at IS NULL;

-- Second guard of promises P2 and P6: the owner of a conversation is the one to whom its latest
-- handoff gave it, and an agent owns it by an open assignment. Written after both.
CREATE FUNCTION check_conversations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed
          LEFT JOIN handoffs AS latest ON latest.desk = changed.desk
           AND latest.conversation = changed.conversation AND latest.number = changed.handoffs
          LEFT JOIN handoffs AS later ON later.desk = changed.desk
           AND later.conversation = changed.conversation AND later.number = changed.handoffs + 1
          LEFT JOIN assignments AS held ON held.desk = changed.desk
           AND held.conversation = changed.conversation AND held.ended_at IS NULL
         WHERE later.number IS NOT NULL
            OR CASE WHEN changed.handoffs = 0 THEN changed.owner NOT IN ('nobody', 'bot')
                    ELSE (changed.owner, changed.owner_id)
                         IS DISTINCT FROM (latest.to_owner, latest.to_id) END
            OR held.agent IS DISTINCT FROM
               CASE changed.owner WHEN 'agent' THEN changed.owner_id END)
    THEN
        RAISE EXCEPTION 'an owner without its handoff or assignment' USING
            ERRCODE = 'check_violation', TABLE = 'conversations',
            CONSTRAINT = 'conversations_owner_on_record';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER conversations_owner_on_record_added AFTER INSERT ON conversations
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION check_conversations();
CREATE TRIGGER conversations_owner_on_record_changed AFTER UPDATE ON conversations
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION check_conversations();

-- What was said. Named by the number of the event that recorded it.
CREATE TABLE messages (
    desk bigint NOT NULL,
    message bigint NOT NULL CHECK (message > 0),
    conversation bigint NOT NULL,
    customer bigint NOT NULL,
    -- text, attachment, postback: the customer's. reply: an agent's. elsewhere: sent by another app.
    -- note: another event of the thread, kept as it came.
    kind text NOT NULL
        CHECK (kind IN ('text', 'attachment', 'postback', 'reply', 'elsewhere', 'note')),
    -- The agent who replied.
    author bigint,
    -- By the platform's clock.
    written_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    -- HMAC of the platform's id of the message.
    platform bytea CHECK (octet_length(platform) = 16),
    -- The document that Wire made, sealed under the customer's key.
    sealed_body bytea,
    PRIMARY KEY (desk, message),
    CONSTRAINT messages_author CHECK ((kind = 'reply') = (author IS NOT NULL))
);
ALTER TABLE messages ALTER COLUMN sealed_body SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX messages_platform ON messages (desk, platform) WHERE platform IS NOT NULL;
CREATE INDEX messages_by_conversation ON messages (desk, conversation, message);

-- What happened to a message afterwards. Named by the number of its event.
CREATE TABLE message_changes (
    desk bigint NOT NULL,
    change bigint NOT NULL CHECK (change > 0),
    conversation bigint NOT NULL,
    customer bigint NOT NULL,
    -- NULL: a message that was never recorded here.
    message bigint,
    kind text NOT NULL CHECK (kind IN ('edited', 'reacted', 'unreacted', 'deleted')),
    at timestamptz NOT NULL,
    -- The new text, the reaction: sealed under the customer's key.
    sealed_body bytea,
    PRIMARY KEY (desk, change)
);
ALTER TABLE message_changes ALTER COLUMN sealed_body SET STORAGE EXTERNAL;
CREATE INDEX message_changes_by_message ON message_changes (desk, message)
    WHERE message IS NOT NULL;

-- Orders to the outside: send one message.
CREATE TABLE jobs (
    desk bigint NOT NULL,
    job bigint NOT NULL CHECK (job > 0),
    conversation bigint NOT NULL,
    message bigint NOT NULL,
    agent bigint NOT NULL,
    -- HMAC of the text.
    text_digest bytea NOT NULL CHECK (octet_length(text_digest) = 16),
    state text NOT NULL
        CHECK (state IN ('queued', 'sending', 'unknown', 'sent', 'failed', 'unconfirmed')),
    -- queued: not before; unknown: the deadline, if it runs.
    due_at timestamptz,
    -- failed: why.
    failure text,
    attempts integer NOT NULL CHECK (attempts >= 0),
    PRIMARY KEY (desk, job),
    UNIQUE (desk, message),
    CONSTRAINT jobs_due_at CHECK (CASE state WHEN 'queued' THEN due_at IS NOT NULL
        WHEN 'unknown' THEN true ELSE due_at IS NULL END),
    CONSTRAINT jobs_failure CHECK ((state = 'failed') = (failure IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX jobs_unsettled ON jobs (desk, job) WHERE state IN ('queued', 'sending', 'unknown');
-- Second guard of promise P8's order: at most one job of a conversation is in flight.
CREATE UNIQUE INDEX jobs_one_in_flight ON jobs (desk, conversation) WHERE state = 'sending';

-- Agents as the desk's rules see them. Connections are never stored.
CREATE TABLE agents (
    desk bigint NOT NULL REFERENCES desks,
    agent bigint NOT NULL CHECK (agent > 0),
    presence text NOT NULL CHECK (presence IN ('available', 'away', 'offline')),
    capacity integer NOT NULL CHECK (capacity >= 0),
    disconnect_deadline timestamptz,
    idle_since timestamptz NOT NULL,
    PRIMARY KEY (desk, agent),
    -- Whoever is offline holds nothing, so no grace runs.
    CONSTRAINT agents_deadline CHECK (presence <> 'offline' OR disconnect_deadline IS NULL)
) WITH (fillfactor = 50);

-- The same guards for less. Two things cost a fifth of a commit of texts:
--
-- PostgreSQL reads every CHECK of a table anew for each statement that writes it, but the checks of a
-- domain once per session. So what is checked of a single column of the tables that every commit
-- writes becomes its domain.
--
-- Each conversation that somebody wrote in had its owner checked against its handoffs and
-- assignments, although a text changes neither. Now the owner is checked where it changes, and the
-- ledger says which conversations must have changed theirs.

-- Where the number of something else is kept, as elsewhere, it is a plain bigint.
CREATE DOMAIN positive AS bigint CHECK (VALUE > 0);
CREATE DOMAIN amount AS bigint CHECK (VALUE >= 0);
CREATE DOMAIN small_amount AS integer CHECK (VALUE >= 0);
-- Digests and random names; hashes.
CREATE DOMAIN bytes16 AS bytea CHECK (octet_length(VALUE) = 16);
CREATE DOMAIN bytes32 AS bytea CHECK (octet_length(VALUE) = 32);
CREATE DOMAIN owner_kind AS text CHECK (VALUE IN ('nobody', 'bot', 'queue', 'agent'));
CREATE DOMAIN message_kind AS text
    CHECK (VALUE IN ('text', 'attachment', 'postback', 'reply', 'elsewhere', 'note'));
CREATE DOMAIN event_kind AS smallint CHECK (VALUE > 0);
CREATE DOMAIN event_body AS bytea
    CHECK (octet_length(VALUE) % 8 = 1 AND octet_length(VALUE) <= 129);

ALTER TABLE desks
    DROP CONSTRAINT desks_desk_check, ALTER desk TYPE positive,
    DROP CONSTRAINT desks_epoch_check, ALTER epoch TYPE amount,
    DROP CONSTRAINT desks_incarnation_check, ALTER incarnation TYPE bytes16,
    DROP CONSTRAINT desks_last_event_check, ALTER last_event TYPE amount,
    DROP CONSTRAINT desks_last_hash_check, ALTER last_hash TYPE bytes32,
    DROP CONSTRAINT desks_check, DROP CONSTRAINT desks_check1,
    -- Held by a node with its name and an end, or by nobody.
    ADD CONSTRAINT desks_holder CHECK (num_nulls(holder, incarnation, expires_at) IN (0, 3));

ALTER TABLE keys
    DROP CONSTRAINT keys_key_check, ALTER key TYPE bytes16,
    DROP CONSTRAINT keys_parameters_check, ALTER parameters TYPE bytes16;

ALTER TABLE messages
    DROP CONSTRAINT messages_message_check, ALTER message TYPE positive,
    DROP CONSTRAINT messages_kind_check, ALTER kind TYPE message_kind,
    DROP CONSTRAINT messages_platform_check, ALTER platform TYPE bytes16;

DROP TRIGGER conversations_owner_on_record_changed ON conversations;
ALTER TABLE conversations
    DROP CONSTRAINT conversations_conversation_check, ALTER conversation TYPE positive,
    DROP CONSTRAINT conversations_thread_check, ALTER thread TYPE bytes16,
    DROP CONSTRAINT conversations_owner_check, ALTER owner TYPE owner_kind,
    DROP CONSTRAINT conversations_handoffs_check, ALTER handoffs TYPE small_amount,
    DROP CONSTRAINT conversations_unread_check, ALTER unread TYPE small_amount;

-- A rewrite is no change of the ledger: the trigger that refuses changes looks at rows alone.
DROP VIEW ledger;
ALTER TABLE events
    DROP CONSTRAINT events_number_check, ALTER number TYPE positive,
    DROP CONSTRAINT events_epoch_check, ALTER epoch TYPE positive,
    DROP CONSTRAINT events_kind_check, ALTER kind TYPE event_kind,
    DROP CONSTRAINT events_hash_check, ALTER hash TYPE bytes32,
    DROP CONSTRAINT events_body_check, ALTER body TYPE event_body;
CREATE VIEW ledger AS
    SELECT events.desk, events.number, events.at, events.epoch, event_kinds.name AS kind,
           events.conversation, events.audience, event_numbers(events.body) AS numbers
      FROM events LEFT JOIN event_kinds ON event_kinds.kind = events.kind;

-- Second guard of promises P2 and P6, for conversations that change their owner: as
-- check_conversations, which goes on to guard those that are added. Written after handoffs and
-- assignments.
CREATE FUNCTION check_changed_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In parentheses, since the first THEN outside of them ends the condition.
    IF (EXISTS (
            SELECT FROM handoffs
             WHERE desk = NEW.desk AND conversation = NEW.conversation
               AND number = NEW.handoffs + 1)
        OR CASE WHEN NEW.handoffs = 0 THEN NEW.owner NOT IN ('nobody', 'bot')
                ELSE NOT EXISTS (
                    SELECT FROM handoffs
                     WHERE desk = NEW.desk AND conversation = NEW.conversation
                       AND number = NEW.handoffs
                       AND (to_owner, to_id) = (NEW.owner, NEW.owner_id)) END
        OR (SELECT agent FROM assignments
             WHERE desk = NEW.desk AND conversation = NEW.conversation AND ended_at IS NULL)
           IS DISTINCT FROM CASE NEW.owner WHEN 'agent' THEN NEW.owner_id END)
    THEN
        RAISE EXCEPTION 'an owner without its handoff or assignment' USING
            ERRCODE = 'check_violation', TABLE = 'conversations',
            CONSTRAINT = 'conversations_owner_on_record';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER conversations_owner_on_record_changed AFTER UPDATE ON conversations
    FOR EACH ROW
    WHEN ((OLD.owner, OLD.owner_id, OLD.handoffs)
        IS DISTINCT FROM (NEW.owner, NEW.owner_id, NEW.handoffs))
    EXECUTE FUNCTION check_changed_owner();

-- As before; and where the ledger tells of a change of owner, the conversation's row must stand at
-- its latest handoff: then it changed in this transaction, and was checked when it did. Events are
-- written last.
CREATE OR REPLACE FUNCTION check_events() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part record;
    owner_changed CONSTANT smallint := 12;
BEGIN
    FOR part IN
        SELECT desk, min(number) AS first, max(number) AS last, count(*) AS amount,
               min(epoch) AS lowest_epoch, max(epoch) AS highest_epoch,
               bool_or(kind = owner_changed) AS changes_owners
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
        IF part.changes_owners AND EXISTS (
            SELECT FROM added
              LEFT JOIN conversations USING (desk, conversation)
              LEFT JOIN handoffs AS later ON later.desk = added.desk
               AND later.conversation = added.conversation
               AND later.number = conversations.handoffs + 1
             WHERE added.desk = part.desk AND added.kind = owner_changed
               AND (conversations.handoffs IS NULL OR later.number IS NOT NULL))
        THEN
            RAISE EXCEPTION 'an owner without its handoff or assignment' USING
                ERRCODE = 'check_violation', TABLE = 'conversations',
                CONSTRAINT = 'conversations_owner_on_record';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- Changes of owner for less, and for the same however many there are.
--
-- Where thousands of agents come free at once, a commit changes thousands of owners. Looking each up
-- in a trigger of its own cost most of it; the foreign key of assignments, which locks each handoff
-- that it finds, a tenth; and by a plan made while a table was empty each look read the whole of it.
-- Now each statement's rows are looked up together, always by the keys. An assignment in a burst took
-- some 82 µs of the database's CPU before and takes some 50 since (`ops/bench W3`).

-- Second guard of promises P2 and P6 where rows change. An owner never changes without a handoff of
-- its own: that is seen from the row alone, and costs nothing while it holds. So where no row counts
-- more handoffs than before, no owner changed; where one does, all are looked up.
CREATE FUNCTION refuse_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an owner without its handoff or assignment' USING
        ERRCODE = 'check_violation', TABLE = 'conversations',
        CONSTRAINT = 'conversations_owner_on_record';
END $$;
DROP TRIGGER conversations_owner_on_record_changed ON conversations;
DROP FUNCTION check_changed_owner();
CREATE TRIGGER conversations_owner_with_handoff AFTER UPDATE ON conversations
    FOR EACH ROW
    WHEN (NEW.handoffs < OLD.handoffs
        OR NEW.handoffs = OLD.handoffs
            AND (OLD.owner, OLD.owner_id) IS DISTINCT FROM (NEW.owner, NEW.owner_id))
    EXECUTE FUNCTION refuse_owner();

CREATE FUNCTION check_changed_owners() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    IF (SELECT sum(handoffs) FROM changed) IS NOT DISTINCT FROM (SELECT sum(handoffs) FROM former)
    THEN
        RETURN NULL;
    END IF;
    IF EXISTS (
        SELECT FROM changed
          LEFT JOIN LATERAL (
              SELECT to_owner, to_id FROM handoffs
               WHERE desk = changed.desk AND conversation = changed.conversation
                 AND number = changed.handoffs OFFSET 0) AS latest ON true
          LEFT JOIN LATERAL (
              SELECT number FROM handoffs
               WHERE desk = changed.desk AND conversation = changed.conversation
                 AND number = changed.handoffs + 1 OFFSET 0) AS later ON true
          LEFT JOIN LATERAL (
              SELECT agent FROM assignments
               WHERE desk = changed.desk AND conversation = changed.conversation
                 AND ended_at IS NULL OFFSET 0) AS held ON true
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
CREATE TRIGGER conversations_owner_on_record_changed AFTER UPDATE ON conversations
    REFERENCING OLD TABLE AS former NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION check_changed_owners();

-- An assignment begins with the handoff to its agent. Handoffs are only added to, so what was once
-- found stays; no key has to guard against their end.
ALTER TABLE assignments DROP CONSTRAINT assignments_desk_conversation_handoff_fkey;
CREATE FUNCTION check_assignments() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
          LEFT JOIN LATERAL (
              SELECT to_owner, to_id FROM handoffs
               WHERE desk = added.desk AND conversation = added.conversation
                 AND number = added.handoff OFFSET 0) AS begun ON true
         WHERE (begun.to_owner, begun.to_id) IS DISTINCT FROM ('agent', added.agent))
    THEN
        RAISE EXCEPTION 'an assignment without its handoff' USING
            ERRCODE = 'check_violation', TABLE = 'assignments',
            CONSTRAINT = 'assignments_on_record';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER assignments_on_record AFTER INSERT ON assignments
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_assignments();

-- A change of an open conversation's owner touches no index: PostgreSQL then writes the
-- row within its page (HOT), as long as there is room in it for a second copy of each.
ALTER TABLE conversations
    ADD is_open boolean NOT NULL GENERATED ALWAYS AS (owner <> 'nobody') STORED,
    SET (fillfactor = 50);
DROP INDEX conversations_one_open;
CREATE UNIQUE INDEX conversations_one_open ON conversations (desk, thread) WHERE is_open;

-- check_events of 0007 joined conversations in a way that a plan made while the tables were small
-- walks over all of a desk's conversations for each change of owner. Here each is a look into the
-- primary key, whatever the planner believes: a subquery for each row, whose `OFFSET 0` keeps it apart.
-- What is refused is the same.
CREATE OR REPLACE FUNCTION check_events() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part record;
    owner_changed CONSTANT smallint := 12;
    changes_owners boolean := false;
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
        changes_owners := changes_owners OR part.changes_owners;
    END LOOP;
    IF changes_owners AND EXISTS (
        SELECT FROM added
          LEFT JOIN LATERAL (
              SELECT handoffs FROM conversations
               WHERE desk = added.desk AND conversation = added.conversation OFFSET 0) AS now ON true
          LEFT JOIN LATERAL (
              SELECT number FROM handoffs
               WHERE desk = added.desk AND conversation = added.conversation
                 AND number = now.handoffs + 1 OFFSET 0) AS later ON true
         WHERE added.kind = owner_changed
           AND (now.handoffs IS NULL OR later.number IS NOT NULL))
    THEN
        RAISE EXCEPTION 'an owner without its handoff or assignment' USING
            ERRCODE = 'check_violation', TABLE = 'conversations',
            CONSTRAINT = 'conversations_owner_on_record';
    END IF;
    RETURN NULL;
END $$;

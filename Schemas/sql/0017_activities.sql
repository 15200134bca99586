-- What messages change about a conversation, in a row of its own.
--
-- A message of a conversation that is held changes three short columns of it and no owner. The whole
-- row with its checks, its indexes and the guards of owners cost a third of what a message costs the
-- database; this one has a key and nothing else. `conversations` is written where more changes.
CREATE TABLE activities (
    desk bigint NOT NULL,
    conversation positive NOT NULL,
    last_message_at timestamptz NOT NULL,
    -- By the platform's clock; 1970: the customer has not written.
    customer_wrote_at timestamptz NOT NULL,
    -- Messages of the customer that the owner has not marked as read.
    unread small_amount NOT NULL,
    PRIMARY KEY (desk, conversation)
) WITH (fillfactor = 50);
INSERT INTO activities (desk, conversation, last_message_at, customer_wrote_at, unread)
SELECT desk, conversation, last_message_at, customer_wrote_at, unread FROM conversations;
ALTER TABLE conversations
    DROP COLUMN last_message_at, DROP COLUMN customer_wrote_at, DROP COLUMN unread;

-- As before, each row looked up by keys whatever the planner believes; and a conversation that begins
-- has its activity, without which it could not be read back. Written after it.
CREATE OR REPLACE FUNCTION check_conversations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Where every row was there before, nothing was added.
    IF NOT EXISTS (SELECT FROM changed) THEN
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
    IF EXISTS (
        SELECT FROM changed
          LEFT JOIN LATERAL (
              SELECT conversation FROM activities
               WHERE desk = changed.desk AND conversation = changed.conversation
              OFFSET 0) AS active ON true
         WHERE active.conversation IS NULL)
    THEN
        RAISE EXCEPTION 'a conversation without its activity' USING
            ERRCODE = 'check_violation', TABLE = 'conversations',
            CONSTRAINT = 'conversations_activity';
    END IF;
    RETURN NULL;
END $$;

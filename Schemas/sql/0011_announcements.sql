-- What the desk itself tells waiting customers, and customers who have gone.

-- NULL: the desk wrote the message itself.
ALTER TABLE jobs ALTER agent DROP NOT NULL;
-- Second guard: one announcement of a conversation on its way at a time.
CREATE UNIQUE INDEX jobs_one_announcement ON jobs (desk, conversation)
    WHERE agent IS NULL AND state IN ('queued', 'sending', 'unknown');

-- announcement: what the desk told a customer of their wait.
ALTER DOMAIN message_kind DROP CONSTRAINT message_kind_check;
ALTER DOMAIN message_kind ADD CONSTRAINT message_kind_check CHECK (VALUE IN
    ('text', 'attachment', 'postback', 'reply', 'elsewhere', 'note', 'announcement'));

-- Who has gone was waiting.
ALTER TABLE handoffs ADD CONSTRAINT handoffs_abandoned
    CHECK (reason <> 'abandoned' OR (from_owner = 'queue' AND to_owner = 'nobody'));

-- For the report of waits, which asks for some days.
CREATE INDEX handoffs_by_age ON handoffs USING brin (at) WITH (pages_per_range = 32);
CREATE INDEX messages_announcements ON messages (desk, recorded_at) WHERE kind = 'announcement';

INSERT INTO event_kinds (kind, name, numbers) VALUES
    (40, 'announcementWritten', 'conversation, message, job, announcement, position, minutes');

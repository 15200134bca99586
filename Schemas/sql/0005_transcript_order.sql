-- A transcript is read in the order in which its messages were written, which is not that in which the
-- channel delivered them.
CREATE INDEX messages_in_order ON messages (desk, conversation, written_at, message);
DROP INDEX messages_by_conversation;

-- Up to when a customer has a conversation's messages and has read them: the latest such event of each
-- kind, found at once however many there are. In the bytes of these events version and conversation are
-- the same, and the moment after them is not negative: their order is that of the moments. The events of
-- all other kinds pay nothing.
CREATE INDEX events_delivery_marks ON events (desk, conversation, kind, body) WHERE kind IN (6, 7);

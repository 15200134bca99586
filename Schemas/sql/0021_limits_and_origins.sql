-- What a supervisor puts into a full queue is on record with who ordered it, like every other order.
ALTER TABLE handoffs DROP CONSTRAINT handoffs_ordered_by;
ALTER TABLE handoffs ADD CONSTRAINT handoffs_ordered_by CHECK (ordered_by IS NOT NULL
    OR reason NOT IN ('moved', 'movedOverLimit', 'assignedBySupervisor', 'assignedOverCapacity'))
    NOT VALID;
ALTER TABLE handoffs VALIDATE CONSTRAINT handoffs_ordered_by;

-- By what a conversation's messages come: work may weigh and begin differently by it. The page is the
-- platform's id of the bank's own page, account or number; empty until the customer writes again.
ALTER TABLE conversations
    ADD channel text NOT NULL DEFAULT 'messenger'
        CONSTRAINT conversations_channel CHECK (channel IN ('messenger', 'instagram', 'whatsApp')),
    ADD page text NOT NULL DEFAULT '';

-- What a supervisor puts into a full queue is on record with who ordered it, like every other order.
ALTER TABLE handoffs DROP CONSTRAINT handoffs_ordered_by;
ALTER TABLE handoffs ADD CONSTRAINT handoffs_ordered_by CHECK (ordered_by IS NOT NULL
    OR reason NOT IN ('moved', 'movedOverLimit', 'assignedBySupervisor', 'assignedOverCapacity'))
    NOT VALID;
ALTER TABLE handoffs VALIDATE CONSTRAINT handoffs_ordered_by;

-- By which order it was somebody's turn: with the choice in the event, where it is not the usual one. A
-- handoff names the configuration that it was chosen under, and that names the order.

-- An event's body: the longest names a choice by such an order with the eight who were passed over first,
-- 42 numbers. What is stored already is shorter still: there is nothing to look through.
ALTER DOMAIN event_body DROP CONSTRAINT event_body_check;
ALTER DOMAIN event_body ADD CONSTRAINT event_body_check
    CHECK (octet_length(VALUE) % 8 = 1 AND octet_length(VALUE) <= 337) NOT VALID;

UPDATE event_kinds SET numbers = 'conversation, handoff, from owner, from id, to owner, to id, '
    'reason [by] [configuration, waiting, on duty, ready, relaxed, runner-up] [unfit, ahead, '
    'passed over, {agent, by, for} …] [order]' WHERE kind = 12;
UPDATE event_kinds SET numbers = 'conversation, agent, deadline, is transfer [configuration, '
    'waiting, on duty, ready, relaxed, runner-up] [unfit, ahead, passed over, {agent, by, for} …] '
    '[order]' WHERE kind = 22;

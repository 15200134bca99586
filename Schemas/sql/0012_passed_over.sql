-- Whom the desk passed over when it chose: with the choice, in the event and in the handoff. A choice
-- from before says nothing of it.

-- An event's body: the longest names a choice with the eight who were passed over first, 41 numbers.
-- What is stored already is shorter still: there is nothing to look through.
ALTER DOMAIN event_body DROP CONSTRAINT event_body_check;
ALTER DOMAIN event_body ADD CONSTRAINT event_body_check
    CHECK (octet_length(VALUE) % 8 = 1 AND octet_length(VALUE) <= 329) NOT VALID;

ALTER TABLE handoffs
    -- How many more agents were on duty who did not fit the line.
    ADD chosen_unfit integer CHECK (chosen_unfit >= 0),
    -- How many of the line came before it, and were for nobody who had room.
    ADD chosen_behind integer CHECK (chosen_behind >= 0),
    -- How many agents with room had their turn before the chosen one, and were passed over.
    ADD chosen_over integer CHECK (chosen_over >= 0),
    -- The first of them in turn, each with what stood in the way and, where it was kept for
    -- somebody, for whom: [{"agent": 7, "by": "reservedForAnother", "for": 8}]. NULL: nobody.
    ADD chosen_over_first jsonb CHECK (jsonb_typeof(chosen_over_first) = 'array'),
    ADD CONSTRAINT handoffs_choice_others CHECK (
        num_nulls(chosen_unfit, chosen_behind, chosen_over) IN (0, 3)
        AND (chosen_unfit IS NULL OR chosen_under IS NOT NULL)
        -- The chosen one is neither behind nor over itself.
        AND (chosen_behind < chosen_of_waiting AND chosen_over < chosen_of_ready) IS NOT FALSE
        AND (chosen_over_first IS NULL) = (coalesce(chosen_over, 0) = 0));

UPDATE event_kinds SET numbers = 'conversation, handoff, from owner, from id, to owner, to id, '
    'reason [by] [configuration, waiting, on duty, ready, relaxed, runner-up] [unfit, ahead, '
    'passed over, {agent, by, for} …]' WHERE kind = 12;
UPDATE event_kinds SET numbers = 'conversation, agent, deadline, is transfer [configuration, '
    'waiting, on duty, ready, relaxed, runner-up] [unfit, ahead, passed over, {agent, by, for} …]'
 WHERE kind = 22;

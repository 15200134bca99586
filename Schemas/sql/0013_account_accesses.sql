-- Who looked at whose accounts, and how a customer is known to the bank. No account data: no number,
-- no amount, no name of the bank's for an account is ever stored here.

-- The bank's name for a customer, sealed under the customer's key.
CREATE TABLE bank_links (
    desk bigint NOT NULL,
    customer bigint NOT NULL,
    sealed_reference bytea NOT NULL,
    linked_at timestamptz NOT NULL,
    -- The supervisor who entered it.
    linked_by bigint NOT NULL,
    PRIMARY KEY (desk, customer),
    FOREIGN KEY (desk, customer) REFERENCES customers,
    FOREIGN KEY (desk, linked_by) REFERENCES persons
);

-- Promise P10: each look at a customer's accounts, written before anything of it is shown, with what it
-- was for; and each time a customer was tied to the bank.
CREATE TABLE account_accesses (
    desk bigint NOT NULL,
    access bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    person bigint NOT NULL,
    conversation bigint NOT NULL,
    -- NULL: there is no such conversation.
    customer bigint,
    -- Of which parts something was about to be shown.
    resources text[] NOT NULL CHECK (resources <@ ARRAY['accounts', 'balances', 'transactions']),
    purpose text NOT NULL CHECK (purpose IN ('identity_check', 'payment_dispute',
        'fraud_investigation', 'customer_request', 'supervisor')),
    -- The interaction ids under which the bank was asked; the bank's own record has them too.
    interactions uuid[] NOT NULL,
    -- shown: all of it; partly: some parts the bank did not give; unavailable: the bank gave nothing.
    -- refused: the person did not hold the conversation. dropped: they did no more when it was there.
    -- linked: the customer was tied to the bank.
    outcome text NOT NULL CHECK (outcome IN ('shown', 'partly', 'unavailable', 'refused', 'dropped',
        'linked')),
    PRIMARY KEY (desk, access),
    FOREIGN KEY (desk, person) REFERENCES persons,
    CONSTRAINT account_accesses_shown CHECK ((outcome IN ('shown', 'partly')) = (resources <> '{}'))
);
CREATE INDEX account_accesses_by_customer ON account_accesses (desk, customer, at);
CREATE INDEX account_accesses_by_person ON account_accesses (desk, person, at);
CREATE TRIGGER account_accesses_only_added_to
    BEFORE UPDATE OR DELETE OR TRUNCATE ON account_accesses
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Second guard of promise P10: nothing is recorded as shown to whom the conversation does not belong.
CREATE FUNCTION check_account_accesses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.outcome IN ('shown', 'partly') AND NOT EXISTS (
        SELECT FROM assignments AS held
         WHERE held.desk = NEW.desk AND held.conversation = NEW.conversation
           AND held.agent = NEW.person AND held.ended_at IS NULL)
    THEN
        RAISE EXCEPTION 'accounts shown to whom the conversation does not belong' USING
            ERRCODE = 'check_violation', TABLE = 'account_accesses',
            CONSTRAINT = 'account_accesses_of_the_owner';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_accesses_of_the_owner BEFORE INSERT ON account_accesses
    FOR EACH ROW EXECUTE FUNCTION check_account_accesses();

-- Who signs in, and what lets them in. Secrets are kept as SHA-256 of what the browser holds: they
-- are random and long, so that the hash confirms nothing.

-- A person of the bank: identity is issuer and subject, as the OpenID provider says.
CREATE TABLE persons (
    desk bigint NOT NULL REFERENCES desks,
    person bigint NOT NULL CHECK (person > 0),
    issuer text NOT NULL,
    subject text NOT NULL,
    name text NOT NULL,
    roles text[] NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (desk, person),
    UNIQUE (desk, issuer, subject)
);

-- A sign-in under way, by the hash of its state parameter. Read once: taking it deletes it.
CREATE TABLE sign_ins (
    desk bigint NOT NULL REFERENCES desks,
    state bytea NOT NULL CHECK (octet_length(state) = 32),
    -- Nonce and PKCE verifier, sealed under the desk's content key.
    sealed_secrets bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (desk, state)
);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);

CREATE TABLE sessions (
    desk bigint NOT NULL,
    session bytea NOT NULL CHECK (octet_length(session) = 32),
    person bigint NOT NULL,
    -- As they were at sign-in.
    roles text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (desk, session),
    FOREIGN KEY (desk, person) REFERENCES persons
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- What opens one socket, once.
CREATE TABLE tickets (
    desk bigint NOT NULL,
    ticket bytea NOT NULL CHECK (octet_length(ticket) = 32),
    session bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (desk, ticket),
    FOREIGN KEY (desk, session) REFERENCES sessions ON DELETE CASCADE
);
CREATE INDEX tickets_by_expiry ON tickets (expires_at);

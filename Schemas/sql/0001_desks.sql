-- Desks, their lease, and their keys.
--
-- Every table of ours begins its keys with the desk, so that the schema can be spread over several
-- databases by desk. Ids are numbers of events (see 0003_ledger.sql). Instants are kept to the
-- millisecond. What was said and who said it on the platform is only in `bytea` columns named
-- sealed_…: AES-256-GCM, nonce (12 bytes), ciphertext, tag (16 bytes), in this order.

-- One row per desk: who may write for it, and how far its ledger has come.
--
-- Each commit updates this row first, so that it is locked until the commit ends: the check of the
-- epoch under that lock is what keeps a second writer out; the expiry only says when another node
-- may try. Half of the page is left free so that the updates stay on it.
CREATE TABLE desks (
    desk bigint PRIMARY KEY CHECK (desk > 0),
    -- Rises by one whenever a node becomes the owner or could not know how its commit ended.
    epoch bigint NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    -- The owning node's configured name; for people. NULL: the lease was given back.
    holder text,
    -- The owning process's random name of 16 bytes: tells a restarted node from one still running.
    incarnation bytea CHECK (octet_length(incarnation) = 16),
    -- When the lease ends, by this database's clock.
    expires_at timestamptz,
    -- The owner's writing session, to be ended by whoever takes over: the process id alone may have
    -- been given to another session since.
    backend_pid integer,
    backend_start timestamptz,
    -- Number and hash of the latest event; zeros for a new desk.
    last_event bigint NOT NULL DEFAULT 0 CHECK (last_event >= 0),
    last_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
        CHECK (octet_length(last_hash) = 32),
    CHECK ((holder IS NULL) = (incarnation IS NULL)),
    CHECK ((holder IS NULL) = (expires_at IS NULL))
) WITH (fillfactor = 50);

-- A desk's own keys, wrapped (encrypted) by the wrapping key that the operator keeps.
CREATE TABLE desk_keys (
    desk bigint NOT NULL REFERENCES desks,
    -- content: seals rows that belong to no customer; digest: keys the HMACs that stand for platform
    -- ids and texts. Deleting either makes what it made unreadable or meaningless for good.
    purpose text NOT NULL CHECK (purpose IN ('content', 'digest')),
    -- The first 8 bytes of SHA-256 over a label and the wrapping key: says which one opens it.
    wrapping_key bytea NOT NULL CHECK (octet_length(wrapping_key) = 8),
    sealed_key bytea NOT NULL CHECK (octet_length(sealed_key) = 60),
    PRIMARY KEY (desk, purpose)
);

-- The first statement of every commit: locks the desk's row to the end of the transaction, makes
-- sure that this process owns the desk in this epoch, and extends its lease.
--
-- VF001: another process or epoch owns the desk; nothing of the transaction is applied.
-- 23514 (desks_last_event): the ledger is not where the writer believes it to be.
CREATE FUNCTION lock_desk(
    of_desk bigint, by_incarnation bytea, in_epoch bigint, after_event bigint,
    lease_milliseconds bigint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found_event bigint;
BEGIN
    UPDATE desks
       SET expires_at = clock_timestamp() + lease_milliseconds * interval '1 millisecond'
     WHERE desk = of_desk AND incarnation = by_incarnation AND epoch = in_epoch
    RETURNING last_event INTO found_event;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'another owner or epoch' USING ERRCODE = 'VF001', TABLE = 'desks';
    END IF;
    IF found_event <> after_event THEN
        RAISE EXCEPTION 'the ledger is elsewhere' USING
            ERRCODE = 'check_violation', TABLE = 'desks', CONSTRAINT = 'desks_last_event';
    END IF;
END $$;

-- Takes, raises or keeps the lease; tells the epoch, or NULL and the milliseconds after which asking
-- again may help.
--
-- raise_from NULL, keep_epoch NULL: take. Granted if the lease is free or has expired, or if it is
--   this node's own from an earlier run of which no session is left.
-- raise_from: raise. Granted if the row still shows this process (whose own earlier raise may have
--   been applied without its knowing: then the epoch is above raise_from), or as for take.
-- keep_epoch: keep. Granted if the row shows this process and exactly this epoch.
--
-- The old owner's session is ended first, seen without a lock: it may be in the middle of a
-- transaction that holds the row. What it committed before that extended its lease, which the check
-- under the lock then sees.
CREATE FUNCTION take_lease(
    of_desk bigint, by_holder text, by_incarnation bytea, raise_from bigint, keep_epoch bigint,
    lease_milliseconds bigint
) RETURNS TABLE (granted_epoch bigint, ask_again_in bigint) LANGUAGE plpgsql AS $$
DECLARE
    found desks%ROWTYPE;
    mine boolean;
    own_earlier_run_is_gone boolean;
BEGIN
    FOR round IN 1..2 LOOP
        IF round = 1 THEN
            SELECT * INTO found FROM desks WHERE desk = of_desk;
        ELSE
            SELECT * INTO found FROM desks WHERE desk = of_desk FOR NO KEY UPDATE;
        END IF;
        mine := found.incarnation IS NOT DISTINCT FROM by_incarnation
            AND (keep_epoch IS NULL OR found.epoch = keep_epoch)
            AND (raise_from IS NULL OR found.epoch >= raise_from);
        own_earlier_run_is_gone := found.holder = by_holder AND NOT EXISTS (
            SELECT FROM pg_stat_activity AS session
             WHERE session.pid = found.backend_pid
               AND session.backend_start = found.backend_start);
        IF NOT mine AND (keep_epoch IS NOT NULL OR NOT (
            found.holder IS NULL OR found.expires_at <= clock_timestamp()
            OR own_earlier_run_is_gone))
        THEN
            granted_epoch := NULL;
            ask_again_in := greatest(1, coalesce(ceil(1000 * extract(
                epoch FROM found.expires_at - clock_timestamp())), 1))::bigint;
            RETURN NEXT;
            RETURN;
        END IF;
        IF round = 1 THEN
            PERFORM pg_terminate_backend(session.pid, 1000)
               FROM pg_stat_activity AS session
              WHERE session.pid = found.backend_pid
                AND session.backend_start = found.backend_start
                AND session.pid <> pg_backend_pid();
        END IF;
    END LOOP;
    UPDATE desks
       SET epoch = desks.epoch + CASE WHEN keep_epoch IS NULL THEN 1 ELSE 0 END,
           holder = by_holder,
           incarnation = by_incarnation,
           expires_at = clock_timestamp() + lease_milliseconds * interval '1 millisecond',
           backend_pid = pg_backend_pid(),
           backend_start = (SELECT session.backend_start FROM pg_stat_activity AS session
                             WHERE session.pid = pg_backend_pid())
     WHERE desk = of_desk
    RETURNING desks.epoch INTO granted_epoch;
    ask_again_in := 0;
    RETURN NEXT;
END $$;

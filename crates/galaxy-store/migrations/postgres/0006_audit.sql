-- What happened. Records are added and never changed; the oldest are removed when their time is over.
CREATE TABLE audit_log (
    -- Whoever writes records has a chain of its own, and numbers them from 1.
    chain BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    workspace_id UUID NOT NULL,
    at BIGINT NOT NULL,
    act TEXT NOT NULL,
    ending TEXT NOT NULL,
    -- Who, by what they came, and from where. Nothing here refers to rows: records outlive them.
    person_id UUID,
    way TEXT NOT NULL,
    credential_id UUID,
    address TEXT,
    -- To what.
    subject_kind TEXT,
    subject_id TEXT,
    subject_name TEXT,
    run_id UUID,
    -- What else is known: ids, names, digests and counts, as JSON.
    facts TEXT NOT NULL,
    -- SHA-256 of the hash before and of this row.
    hash BYTEA NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_log_at ON audit_log (workspace_id, at);
CREATE INDEX audit_log_person ON audit_log (workspace_id, person_id, at);
CREATE INDEX audit_log_act ON audit_log (workspace_id, act, at);
CREATE INDEX audit_log_subject ON audit_log (workspace_id, subject_id, at);
CREATE INDEX audit_log_run ON audit_log (run_id, at) WHERE run_id IS NOT NULL;

-- Where each chain begins and ends, sealed with a key that is not in here. Chain 0 is none: its
-- number says how many there are.
CREATE TABLE audit_chains (
    chain BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    seal BYTEA NOT NULL,
    -- Up to where records were removed.
    floor_seq BIGINT NOT NULL,
    floor_hash BYTEA NOT NULL,
    floor_seal BYTEA NOT NULL
);

CREATE FUNCTION audit_log_is_not_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit records are never changed';
END $$;
CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_not_changed();
CREATE FUNCTION audit_log_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.seq > COALESCE((SELECT floor_seq FROM audit_chains WHERE chain = OLD.chain), 0) THEN
        RAISE EXCEPTION 'audit records are kept until their time is over';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER audit_log_is_kept BEFORE DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_kept();

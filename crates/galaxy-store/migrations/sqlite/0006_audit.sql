-- What happened. Records are added and never changed; the oldest are removed when their time is over.
CREATE TABLE audit_log (
    -- Whoever writes records has a chain of its own, and numbers them from 1.
    chain INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    workspace_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    act TEXT NOT NULL,
    ending TEXT NOT NULL,
    -- Who, by what they came, and from where. Nothing here refers to rows: records outlive them.
    person_id BLOB,
    way TEXT NOT NULL,
    credential_id BLOB,
    address TEXT,
    -- To what.
    subject_kind TEXT,
    subject_id TEXT,
    subject_name TEXT,
    run_id BLOB,
    -- What else is known: ids, names, digests and counts, as JSON.
    facts TEXT NOT NULL,
    -- SHA-256 of the hash before and of this row.
    hash BLOB NOT NULL,
    PRIMARY KEY (chain, seq)
) WITHOUT ROWID;
CREATE INDEX audit_log_at ON audit_log (workspace_id, at);
CREATE INDEX audit_log_person ON audit_log (workspace_id, person_id, at);
CREATE INDEX audit_log_act ON audit_log (workspace_id, act, at);
CREATE INDEX audit_log_subject ON audit_log (workspace_id, subject_id, at);
CREATE INDEX audit_log_run ON audit_log (run_id, at) WHERE run_id IS NOT NULL;

-- Where each chain begins and ends, sealed with a key that is not in here. Chain 0 is none: its
-- number says how many there are.
CREATE TABLE audit_chains (
    chain INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    seal BLOB NOT NULL,
    -- Up to where records were removed.
    floor_seq INTEGER NOT NULL,
    floor_hash BLOB NOT NULL,
    floor_seal BLOB NOT NULL
);

CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit records are never changed'); END;
CREATE TRIGGER audit_log_is_kept BEFORE DELETE ON audit_log
WHEN OLD.seq > COALESCE((SELECT floor_seq FROM audit_chains WHERE chain = OLD.chain), 0)
BEGIN SELECT RAISE(ABORT, 'audit records are kept until their time is over'); END;

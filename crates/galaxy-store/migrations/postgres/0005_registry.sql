-- Where a tool server was chosen: an entry of a list, its version, and what was answered.
ALTER TABLE tool_servers ADD COLUMN origin TEXT;

-- Entries of registries elsewhere, as they were sent. They are public and belong to nobody.
CREATE TABLE registry_entries (
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    -- To the letter, with the moment at which it came and its SHA-256.
    body TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    fetched_at BIGINT NOT NULL,
    source TEXT NOT NULL,
    -- What the registry says of it.
    status TEXT NOT NULL,
    is_latest BOOLEAN NOT NULL,
    published_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    -- What a search looks at, in small letters.
    words TEXT NOT NULL,
    PRIMARY KEY (name, version)
);
CREATE INDEX registry_entries_latest ON registry_entries (name) WHERE is_latest;

-- How far a registry was read.
CREATE TABLE registry_mirrors (
    source TEXT PRIMARY KEY,
    -- When a process may begin or go on to read it.
    due_at BIGINT NOT NULL,
    -- Everything that changed before this is here.
    since BIGINT,
    -- Of a reading under way: where it is, and the newest change that it met.
    position TEXT,
    newest BIGINT,
    done_at BIGINT,
    failures BIGINT NOT NULL,
    trouble TEXT
);

-- A server of tools that speaks MCP, as somebody wrote it down. Without an owner it is everybody's.
CREATE TABLE tool_servers (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    owner_id BLOB REFERENCES people (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    -- How it is reached, without what opens it.
    link TEXT NOT NULL,
    -- Values of headers or of the environment, sealed for this row.
    secrets BLOB,
    trusted BOOLEAN NOT NULL,
    may_ask BOOLEAN NOT NULL,
    era TEXT,
    -- Grows with every change of how it is reached.
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- How it was when it was last looked at.
    checked_at INTEGER,
    state TEXT,
    latency_ms INTEGER,
    trouble TEXT
);
CREATE UNIQUE INDEX tool_servers_shared ON tool_servers (workspace_id, name)
    WHERE owner_id IS NULL;
CREATE UNIQUE INDEX tool_servers_own ON tool_servers (owner_id, name)
    WHERE owner_id IS NOT NULL;
CREATE INDEX tool_servers_by_check ON tool_servers (checked_at) WHERE enabled;

-- A tool of a server: what the server says of it now ('found'), and what somebody allowed.
CREATE TABLE server_tools (
    server_id BLOB NOT NULL REFERENCES tool_servers (id) ON DELETE CASCADE,
    tool TEXT NOT NULL,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    place INTEGER NOT NULL,
    found_pin TEXT,
    found TEXT,
    pin TEXT,
    definition TEXT,
    enabled BOOLEAN NOT NULL,
    PRIMARY KEY (server_id, tool)
) WITHOUT ROWID;

-- How a server was, for as long as a person may want to see it.
CREATE TABLE server_checks (
    server_id BLOB NOT NULL REFERENCES tool_servers (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    state TEXT NOT NULL,
    latency_ms INTEGER,
    PRIMARY KEY (server_id, at)
) WITHOUT ROWID;
CREATE INDEX server_checks_by_age ON server_checks (at);

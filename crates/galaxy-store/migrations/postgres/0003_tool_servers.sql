-- A server of tools that speaks MCP, as somebody wrote it down. Without an owner it is everybody's.
CREATE TABLE tool_servers (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    owner_id UUID REFERENCES people (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    -- How it is reached, without what opens it.
    link TEXT NOT NULL,
    -- Values of headers or of the environment, sealed for this row.
    secrets BYTEA,
    trusted BOOLEAN NOT NULL,
    may_ask BOOLEAN NOT NULL,
    era TEXT,
    -- Grows with every change of how it is reached.
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- How it was when it was last looked at.
    checked_at BIGINT,
    state TEXT,
    latency_ms BIGINT,
    trouble TEXT
);
CREATE UNIQUE INDEX tool_servers_shared ON tool_servers (workspace_id, name)
    WHERE owner_id IS NULL;
CREATE UNIQUE INDEX tool_servers_own ON tool_servers (owner_id, name)
    WHERE owner_id IS NOT NULL;
CREATE INDEX tool_servers_by_check ON tool_servers (checked_at) WHERE enabled;

-- A tool of a server: what the server says of it now ('found'), and what somebody allowed.
CREATE TABLE server_tools (
    server_id UUID NOT NULL REFERENCES tool_servers (id) ON DELETE CASCADE,
    tool TEXT NOT NULL,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    place BIGINT NOT NULL,
    found_pin TEXT,
    found TEXT,
    pin TEXT,
    definition TEXT,
    enabled BOOLEAN NOT NULL,
    PRIMARY KEY (server_id, tool)
);

-- How a server was, for as long as a person may want to see it.
CREATE TABLE server_checks (
    server_id UUID NOT NULL REFERENCES tool_servers (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    state TEXT NOT NULL,
    latency_ms BIGINT,
    PRIMARY KEY (server_id, at)
);
CREATE INDEX server_checks_by_age ON server_checks (at);

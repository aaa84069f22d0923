-- Whether people sign in at the server, each with their own account.
ALTER TABLE tool_servers ADD COLUMN signs_in BOOLEAN NOT NULL DEFAULT FALSE;

-- What a person was granted at a tool server, or what is missing.
CREATE TABLE tool_grants (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    server_id UUID NOT NULL REFERENCES tool_servers (id) ON DELETE CASCADE,
    person_id UUID NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    -- The grant, sealed for this row; none when there is nothing that opens the server.
    sealed BYTEA,
    issuer TEXT,
    scopes TEXT NOT NULL,
    challenge TEXT,
    reason TEXT,
    expires_at BIGINT,
    renewed_at BIGINT,
    version BIGINT NOT NULL,
    -- Who renews it, and until when nobody else does.
    holder TEXT,
    held_until BIGINT,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX tool_grants_of ON tool_grants (server_id, person_id);
CREATE INDEX tool_grants_by_person ON tool_grants (person_id);

-- A sign-in whose person is away at the issuer. It is used once, and only by them.
CREATE TABLE tool_sign_ins (
    id UUID PRIMARY KEY,
    -- SHA-256 of the state that they come back with.
    state_hash TEXT NOT NULL UNIQUE,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    server_id UUID NOT NULL REFERENCES tool_servers (id) ON DELETE CASCADE,
    person_id UUID NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    sealed BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX tool_sign_ins_by_person ON tool_sign_ins (person_id, server_id);
CREATE INDEX tool_sign_ins_by_age ON tool_sign_ins (expires_at);

-- A client by which the issuer of a tool server knows us, for all people of that server.
CREATE TABLE tool_clients (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    server_id UUID NOT NULL REFERENCES tool_servers (id) ON DELETE CASCADE,
    issuer TEXT NOT NULL,
    client TEXT NOT NULL,
    entered BOOLEAN NOT NULL,
    inside BOOLEAN NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX tool_clients_of ON tool_clients (server_id, issuer, entered);

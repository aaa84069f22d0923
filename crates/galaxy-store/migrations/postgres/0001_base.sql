-- Times are milliseconds since the epoch; JSON is kept as text, so that one statement serves both engines.

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE workspaces (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE people (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT,
    disabled BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, email)
);

-- A signed-in browser ('browser') or a family of refresh tokens ('token').
-- Only hashes of what opens it are kept.
CREATE TABLE sessions (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    person_id UUID NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    secret_hash TEXT NOT NULL UNIQUE,
    client TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person_id);

CREATE TABLE api_keys (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    person_id UUID NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    secret_hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT
);
CREATE INDEX api_keys_by_person ON api_keys (person_id);

CREATE TABLE conversations (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    owner_id UUID NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    pinned BOOLEAN NOT NULL DEFAULT FALSE,
    archived BOOLEAN NOT NULL DEFAULT FALSE,
    settings TEXT NOT NULL,
    leaf_id UUID,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX conversations_by_owner ON conversations (owner_id, archived, updated_at);

CREATE TABLE messages (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    conversation_id UUID NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent_id UUID REFERENCES messages (id),
    speaker TEXT NOT NULL,
    body TEXT NOT NULL,
    run_id UUID,
    created_at BIGINT NOT NULL
);
CREATE INDEX messages_by_conversation ON messages (conversation_id, id);
CREATE INDEX messages_by_parent ON messages (parent_id, id);
CREATE INDEX messages_roots ON messages (conversation_id, id) WHERE parent_id IS NULL;

CREATE TABLE runs (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    owner_id UUID NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    conversation_id UUID NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    question_id UUID NOT NULL,
    answer_id UUID NOT NULL,
    state TEXT NOT NULL,
    model TEXT,
    fence BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0,
    stop_requested BOOLEAN NOT NULL DEFAULT FALSE,
    lease_owner TEXT,
    lease_until BIGINT,
    compacted BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX runs_by_state ON runs (state, id);
CREATE INDEX runs_by_owner ON runs (owner_id, state);
CREATE INDEX runs_by_conversation ON runs (conversation_id, id);
CREATE INDEX runs_to_compact ON runs (ended_at) WHERE compacted = FALSE;

-- The logs of runs, conversations and people. The primary key is the fence between two writers.
CREATE TABLE events (
    topic_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    workspace_id UUID NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (topic_id, seq)
);

CREATE TABLE tasks (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    owner_id UUID NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Title and description without case and accents: what is sorted by and filtered on.
    folded TEXT COLLATE "C" NOT NULL,
    completed BOOLEAN NOT NULL DEFAULT FALSE,
    priority BIGINT NOT NULL,
    tags TEXT NOT NULL,
    due_at BIGINT,
    assignee_id UUID,
    depends_on TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    completed_at BIGINT
);
CREATE INDEX tasks_by_owner ON tasks (owner_id, completed, id);

-- What a person said about a tool once and for all, or for one conversation.
CREATE TABLE tool_rules (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    person_id UUID NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    conversation_id UUID REFERENCES conversations (id) ON DELETE CASCADE,
    tool TEXT NOT NULL,
    verdict TEXT NOT NULL,
    definition TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX tool_rules_everywhere ON tool_rules (person_id, tool)
    WHERE conversation_id IS NULL;
CREATE UNIQUE INDEX tool_rules_in_conversation ON tool_rules (person_id, tool, conversation_id)
    WHERE conversation_id IS NOT NULL;

CREATE TABLE feedback (
    message_id UUID NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    person_id UUID NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    workspace_id UUID NOT NULL REFERENCES workspaces (id),
    conversation_id UUID NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    rating TEXT NOT NULL,
    comment TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (message_id, person_id)
);
CREATE INDEX feedback_by_conversation ON feedback (conversation_id);
CREATE INDEX feedback_by_age ON feedback (workspace_id, at);

-- What was answered to a request that carried an idempotency key; written in the same transaction.
CREATE TABLE replies (
    person_id UUID NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    reply TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, route, key)
);
CREATE INDEX replies_by_age ON replies (created_at);

-- Full text: terms are made in Rust (normalised words, CJK bigrams) and taken as they are, without
-- the database's own idea of words, so both engines find the same. A title's row has the
-- conversation's id for its message.
CREATE TABLE search (
    message_id UUID PRIMARY KEY,
    conversation_id UUID NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    terms TEXT NOT NULL,
    vector TSVECTOR GENERATED ALWAYS AS (array_to_tsvector(string_to_array(terms, ' '))) STORED
);
CREATE INDEX search_by_vector ON search USING GIN (vector);
CREATE INDEX search_by_conversation ON search (conversation_id);

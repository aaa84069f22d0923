-- What people were granted at tool servers and nobody wants any more, until it is given back at the
-- issuer. Nothing here refers to the server or the person: both may be gone.
CREATE TABLE tool_grants_owed (
    -- Its name among the grants: what is sealed is sealed for the row that it was there.
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id),
    sealed BLOB NOT NULL,
    -- How the server was reached then, and which issuer inside an administrator had allowed: that
    -- says where the giving back may lead.
    link TEXT NOT NULL,
    inside TEXT,
    -- How often it was tried, when it is next, and when it is given up.
    tries INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL
);
CREATE INDEX tool_grants_owed_due ON tool_grants_owed (due_at);

-- When whoever uses a session last entered their password; none yet: when it was opened.
ALTER TABLE sessions ADD COLUMN authenticated_at INTEGER;
-- What opened it before that. For a moment it still does: requests are under way.
ALTER TABLE sessions ADD COLUMN previous_hash TEXT;
ALTER TABLE sessions ADD COLUMN previous_until INTEGER;
CREATE INDEX sessions_by_previous ON sessions (previous_hash);

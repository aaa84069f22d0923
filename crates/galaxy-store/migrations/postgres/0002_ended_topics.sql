-- The last word of a topic that is gone: found by its age, to be removed after a while.
CREATE INDEX events_ended ON events (at) WHERE kind = 'ended';

-- Version 5: what is kept past its term. A hold keeps one session's recording until somebody lifts it, with a reason.
-- A recording goes a week after its end was announced.

CREATE TABLE legal_hold (
    session TEXT NOT NULL REFERENCES session(id),
    reason TEXT NOT NULL, placed_by TEXT NOT NULL REFERENCES person(id), placed_at INTEGER NOT NULL,
    lifted_reason TEXT, lifted_by TEXT REFERENCES person(id), lifted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX legal_hold_session ON legal_hold(session) WHERE lifted_at IS NULL;
ALTER TABLE session ADD COLUMN purge_announced_at INTEGER;
CREATE INDEX session_recording ON session(recording, ended_ms);

-- Version 5: passkeys, and what is kept past its term. A hold keeps one session's recording until somebody lifts it, with a reason.
-- A recording goes a week after its end was announced.

-- Of a passkey: its name as the authenticator knows it (base64) and where it serves ("portal.example"). `public` holds
-- the key (base64 of its DER), `last_step` the counter of its last use.
ALTER TABLE authenticator ADD COLUMN passkey TEXT;
ALTER TABLE authenticator ADD COLUMN rp_id TEXT;
CREATE UNIQUE INDEX authenticator_passkey ON authenticator(passkey) WHERE revoked_at IS NULL;

CREATE TABLE legal_hold (
    session TEXT NOT NULL REFERENCES session(id),
    reason TEXT NOT NULL, placed_by TEXT NOT NULL REFERENCES person(id), placed_at INTEGER NOT NULL,
    lifted_reason TEXT, lifted_by TEXT REFERENCES person(id), lifted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX legal_hold_session ON legal_hold(session) WHERE lifted_at IS NULL;
ALTER TABLE session ADD COLUMN purge_announced_at INTEGER;
CREATE INDEX session_recording ON session(recording, ended_ms);

-- Version 10: sessions drawn by lot and audited (HDS:EXI-19), and what an auditor may see (HDS:EXI-18).

ALTER TABLE asset ADD COLUMN sensitive INTEGER NOT NULL DEFAULT 0; -- its sessions are in every audit

CREATE TABLE session_audit (
    id TEXT PRIMARY KEY,
    drawn_by TEXT NOT NULL REFERENCES person(id), drawn_at INTEGER NOT NULL,
    from_at INTEGER NOT NULL, until_at INTEGER NOT NULL, -- when its sessions ended, half-open
    vendor TEXT REFERENCES vendor(id), asset TEXT REFERENCES asset(id), -- filters; NULL: every one
    scope TEXT,                        -- JSON, of an auditor who sees a part only; NULL: everything
    size INTEGER, share INTEGER,       -- as asked: one of the two
    seed TEXT NOT NULL,                -- docs/formats/audit.md
    population INTEGER NOT NULL, population_sha256 TEXT NOT NULL,
    ended_at INTEGER, outcome TEXT,    -- signed | abandoned
    ended_by TEXT REFERENCES person(id), factors TEXT, conclusion TEXT,
    minutes TEXT                       -- JSON, as signed: its digest is in the journal
) STRICT;
-- Nobody draws again because a sample does not please: each draw is signed or abandoned first.
CREATE UNIQUE INDEX session_audit_running ON session_audit(drawn_by) WHERE ended_at IS NULL;

CREATE TABLE session_audit_item (
    audit TEXT NOT NULL REFERENCES session_audit(id), session TEXT NOT NULL REFERENCES session(id),
    place INTEGER NOT NULL,            -- in the order of the draw
    why TEXT NOT NULL,                 -- sensitive | drawn
    checks TEXT,                       -- JSON: each point ok | gap | none; NULL: not yet
    outcome TEXT, comment TEXT, judged_at INTEGER, -- conform | deviation
    PRIMARY KEY (audit, session)
) STRICT;
CREATE INDEX session_audit_item_session ON session_audit_item(session);
CREATE INDEX session_ended ON session(ended_ms, id);

CREATE TABLE auditor_scope (           -- a kind without a row leaves everything of it in
    person TEXT NOT NULL REFERENCES person(id),
    kind TEXT NOT NULL, object TEXT NOT NULL, -- vendor | asset, and its id
    PRIMARY KEY (person, kind, object)
) STRICT;

-- Version 9: tokens of automation, and the order in which lists are read.

CREATE TABLE api_token (               -- acts for its owner, with one of the owner's roles; never signs
    id TEXT PRIMARY KEY, token_sha256 TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL, owner TEXT NOT NULL REFERENCES person(id), role TEXT NOT NULL,
    sources TEXT NOT NULL,             -- "10.20.0.5/32,10.20.1.0/28"
    read_only INTEGER NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    used_at INTEGER, used_from TEXT,
    revoked_at INTEGER, revoked_by TEXT, revoked_reason TEXT
) STRICT;

-- Lists are read in pages, in this order (policies/store/paging.h).
DROP INDEX access_window_opens;
CREATE INDEX access_window_opens ON access_window(opens_at, id);
CREATE INDEX access_window_state ON access_window(state, opens_at, id);
CREATE INDEX access_window_vendor ON access_window(vendor, opens_at, id);
CREATE INDEX person_vendor ON person(vendor, login, id);
CREATE INDEX person_state ON person(state, login, id);
CREATE INDEX session_started ON session(started_ms, id);
CREATE INDEX session_person ON session(person, started_ms, id);
CREATE INDEX session_live ON session(started_ms, id) WHERE ended_ms IS NULL;
DROP INDEX refusal_at;
CREATE INDEX refusal_at ON refusal(at_ms, reference);
CREATE INDEX refusal_address ON refusal(address, at_ms, reference);
CREATE INDEX refusal_login ON refusal(login, at_ms, reference);
CREATE INDEX report_due ON report(due_at, id);
CREATE INDEX report_state ON report(state, due_at, id);

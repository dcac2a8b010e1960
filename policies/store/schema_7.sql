-- Version 7: what a timestamp authority (RFC 3161) is asked for. A row stays without a token until the authority has given a good one.
CREATE TABLE timestamp_request (
    kind TEXT NOT NULL,                -- seal | head
    object TEXT NOT NULL,              -- the session; or the journal's chain, ":" and the sequence
    sequence INTEGER,                  -- of a head
    digest TEXT NOT NULL,              -- SHA-256 in hexadecimal: of seal.json, or the head's link
    queued_ms INTEGER NOT NULL,
    token BLOB, stamped_at INTEGER,    -- the token and the time in it
    PRIMARY KEY (kind, object)
) STRICT;
CREATE INDEX timestamp_request_waiting ON timestamp_request(queued_ms) WHERE token IS NULL;

-- Version 11: bookmarks in recordings.

CREATE TABLE bookmark (                -- a reader's own words at a moment; gone with the recording's content
    id TEXT PRIMARY KEY, session TEXT NOT NULL REFERENCES session(id),
    at_ms INTEGER NOT NULL,            -- since the recording's first frame, as a replay counts
    note TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES person(id), made_at INTEGER NOT NULL
) STRICT;
CREATE INDEX bookmark_session ON bookmark(session, at_ms, id);

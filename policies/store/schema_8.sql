-- Version 8: accounts that nobody uses, and reviews of accounts.

-- Since when it is said that the account will be suspended because nobody uses it.
ALTER TABLE person ADD COLUMN dormancy_announced_at INTEGER;

CREATE TABLE access_review (           -- CHM:2.6: every six months, per vendor; and the hospital's own people
    id TEXT PRIMARY KEY, vendor TEXT REFERENCES vendor(id), -- NULL: the hospital's people
    opened_at INTEGER NOT NULL, opened_by TEXT REFERENCES person(id), -- NULL: at its term
    due_at INTEGER NOT NULL,           -- who is not confirmed by then is suspended
    validated_at INTEGER, validated_by TEXT REFERENCES person(id), factors TEXT,
    minutes TEXT                       -- JSON, as validated: its digest is in the journal
) STRICT;
-- One at a time; NULL is nobody's neighbour in an index.
CREATE UNIQUE INDEX access_review_running ON access_review(COALESCE(vendor, '')) WHERE validated_at IS NULL;
CREATE TABLE access_review_person (
    review TEXT NOT NULL REFERENCES access_review(id), person TEXT NOT NULL REFERENCES person(id),
    verdict TEXT,                      -- keep | remove | unconfirmed | NULL: not yet
    comment TEXT, decided_by TEXT REFERENCES person(id), decided_at INTEGER,
    PRIMARY KEY (review, person)
) STRICT;

-- Version 6: the emergency procedure, and the escort who must be there.

-- Why a late report does not stop this one emergency, and who of the DSI decided so at the approval.
ALTER TABLE access_window ADD COLUMN report_lifted_reason TEXT;
-- No session begins while nobody of the hospital is present.
ALTER TABLE access_window ADD COLUMN escort_required INTEGER NOT NULL DEFAULT 0;

CREATE TABLE window_presence (         -- an escort says "I am here", then "I leave"
    window TEXT NOT NULL REFERENCES access_window(id), person TEXT NOT NULL REFERENCES person(id),
    arrived_at INTEGER NOT NULL, left_at INTEGER
) STRICT;
CREATE UNIQUE INDEX window_presence_now ON window_presence(window, person) WHERE left_at IS NULL;

CREATE TABLE emergency_review (        -- of a closed emergency, by the RSSI: comes before the vendor's next one
    window TEXT PRIMARY KEY REFERENCES access_window(id),
    happened TEXT NOT NULL, verdict TEXT NOT NULL, -- justified | unjustified
    comment TEXT, reviewed_by TEXT NOT NULL REFERENCES person(id), reviewed_at INTEGER NOT NULL,
    factors TEXT NOT NULL
) STRICT;

CREATE TABLE oncall (                  -- who of the DSI answers the telephone; half-open [from_at, until_at)
    id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person(id),
    from_at INTEGER NOT NULL, until_at INTEGER NOT NULL, phone_sealed BLOB NOT NULL,
    added_by TEXT NOT NULL, added_at INTEGER NOT NULL, removed_by TEXT, removed_at INTEGER
) STRICT;
CREATE INDEX oncall_until ON oncall(until_at);
CREATE INDEX access_window_emergency ON access_window(vendor) WHERE emergency = 1;

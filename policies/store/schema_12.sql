-- Version 12: an escort who must not only be there, but look.

-- 1: what a vendor sends waits while no escort who is present watches the session live.
ALTER TABLE access_window ADD COLUMN escort_watch INTEGER NOT NULL DEFAULT 0;

-- Version 3: portal and console. A login there is bound to its door and address, and a row that is over is kept until
-- its term, so that whoever comes back with the old cookie is told why.

ALTER TABLE operator_session ADD COLUMN door TEXT NOT NULL DEFAULT 'cli'; -- cli | portal | console
ALTER TABLE operator_session ADD COLUMN address TEXT NOT NULL DEFAULT 'local';
ALTER TABLE operator_session ADD COLUMN ended_why TEXT;                   -- elsewhere | revoked | fault
ALTER TABLE operator_session ADD COLUMN ended_at INTEGER;
ALTER TABLE operator_session ADD COLUMN ended_from TEXT;                  -- elsewhere: the newer login's address
-- What this login was told about the one before.
ALTER TABLE operator_session ADD COLUMN previous_at INTEGER;
ALTER TABLE operator_session ADD COLUMN previous_from TEXT;
ALTER TABLE operator_session ADD COLUMN previous_door TEXT;
ALTER TABLE operator_session ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
CREATE INDEX operator_session_person ON operator_session(person);

-- Version 4: what people ask of each other about a window and its report.

-- More time, asked by a technician and answered by the DSI. At most one waits for each window.
CREATE TABLE extension_request (
    id TEXT PRIMARY KEY, window TEXT NOT NULL REFERENCES access_window(id),
    closes_at INTEGER NOT NULL, reason TEXT NOT NULL,
    asked_by TEXT NOT NULL, asked_at INTEGER NOT NULL,
    state TEXT NOT NULL,               -- asked | accepted | refused
    decided_by TEXT, decided_at INTEGER, decision_reason TEXT
) STRICT;
CREATE INDEX extension_request_window ON extension_request(window);

-- A report form that is being filled: JSON as the page left it, of no value until it is submitted.
CREATE TABLE report_draft (
    report TEXT PRIMARY KEY REFERENCES report(id), form TEXT NOT NULL,
    saved_by TEXT NOT NULL, saved_at INTEGER NOT NULL
) STRICT;

-- What the DSI wants to know before it decides.
CREATE TABLE window_question (
    id TEXT PRIMARY KEY, window TEXT NOT NULL REFERENCES access_window(id),
    question TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at INTEGER NOT NULL,
    answer TEXT, answered_by TEXT, answered_at INTEGER
) STRICT;
CREATE INDEX window_question_window ON window_question(window);

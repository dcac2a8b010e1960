-- Schema, version 1. The only SQL that creates tables; later versions are added as files beside it
-- and applied in order by policies/store/database.cpp. Times: *_at = Unix seconds UTC, *_ms = Unix milliseconds
-- UTC. Ids are random texts. Columns *_sealed hold vault boxes (AES-256-GCM), never clear text.
-- Plain SQL on purpose: the same tables must be servable by PostgreSQL one day.

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE secret (
    name TEXT PRIMARY KEY,             -- "ssh_host_ed25519", "ssh_host_rsa", "evidence_key"
    value_sealed BLOB NOT NULL,
    public TEXT,                       -- public half or certificate, PEM or OpenSSH line
    rotated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE vendor (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,               -- active | suspended | archived
    state_reason TEXT, state_by TEXT, state_at INTEGER,
    contract_reference TEXT NOT NULL, contract_from INTEGER NOT NULL, contract_to INTEGER NOT NULL,
    contact_sealed BLOB,               -- security contact and deputy: JSON {name, mail, phone, deputy…}
    created_at INTEGER NOT NULL, created_by TEXT NOT NULL
) STRICT;

CREATE TABLE subcontractor (
    id TEXT PRIMARY KEY, vendor TEXT NOT NULL REFERENCES vendor(id), name TEXT NOT NULL,
    notified_at INTEGER NOT NULL,      -- CLAUSIER:O-2.3: 21 days to object
    decision TEXT,                     -- accepted | objected | NULL (silence)
    decided_by TEXT, decided_at INTEGER
) STRICT;

CREATE TABLE person (
    id TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE,
    first_name TEXT NOT NULL, last_name TEXT NOT NULL,
    vendor TEXT REFERENCES vendor(id), -- NULL: hospital staff
    subcontractor TEXT REFERENCES subcontractor(id),
    state TEXT NOT NULL,               -- invited | active | suspended | blocked | archived
    state_reason TEXT, state_by TEXT, state_at INTEGER,
    identity_verified_at INTEGER, identity_verified_by TEXT, identity_verified_how TEXT,
    language TEXT NOT NULL DEFAULT 'fr',
    contact_sealed BLOB,               -- JSON {mail, phone}
    created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
    last_login_at INTEGER, last_login_from TEXT, last_login_door TEXT,
    failures_since INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE person_role (
    person TEXT NOT NULL REFERENCES person(id), role TEXT NOT NULL,
    valid_to INTEGER,                  -- auditors are dated
    granted_by TEXT NOT NULL, granted_at INTEGER NOT NULL,
    PRIMARY KEY (person, role)
) STRICT;

CREATE TABLE authenticator (
    id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person(id),
    kind TEXT NOT NULL,                -- password | ssh_key | totp | recovery
    hash TEXT,                         -- password, recovery: Argon2id string
    public TEXT,                       -- ssh_key: "ssh-ed25519 AAAA…" without comment
    secret_sealed BLOB,                -- totp
    label TEXT, last_step INTEGER,     -- totp: last accepted step
    created_at INTEGER NOT NULL, confirmed_at INTEGER, used_at INTEGER, revoked_at INTEGER
) STRICT;
CREATE INDEX authenticator_person ON authenticator(person);

CREATE TABLE invitation (
    token_sha256 TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person(id),
    created_at INTEGER NOT NULL, created_by TEXT NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER
) STRICT;

CREATE TABLE throttle (
    account TEXT NOT NULL,             -- login as typed, "" for the address alone
    address TEXT NOT NULL, failures INTEGER NOT NULL, last_failure_at INTEGER NOT NULL,
    PRIMARY KEY (account, address)
) STRICT;

CREATE TABLE authorized_source (
    id TEXT PRIMARY KEY, vendor TEXT NOT NULL REFERENCES vendor(id),
    range TEXT NOT NULL, kind TEXT NOT NULL, -- public | vpn
    reason TEXT NOT NULL, country TEXT,
    state TEXT NOT NULL,               -- declared | approved | refused | removed
    declared_by TEXT NOT NULL, declared_at INTEGER NOT NULL,
    decided_by TEXT, decided_at INTEGER, decision_reason TEXT,
    valid_from INTEGER NOT NULL, valid_to INTEGER
) STRICT;

CREATE TABLE asset (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, -- the name typed in login+asset: [a-z0-9-]
    description TEXT NOT NULL, protocol TEXT NOT NULL, -- ssh | rdp
    host TEXT NOT NULL, port INTEGER NOT NULL,
    state TEXT NOT NULL,               -- active | disabled | archived
    referent TEXT,                     -- person told about every window (escort)
    usage_hours TEXT NOT NULL,         -- weekly care time, Paris: "mon-fri 08:00-18:00", "never"
    default_open_mode TEXT NOT NULL,   -- auto | manual
    session_limit INTEGER NOT NULL, recording_days INTEGER NOT NULL,
    algorithms TEXT,                   -- JSON: dated exception {kex,ciphers,macs,host_keys,until,reason,by}
    created_at INTEGER NOT NULL, created_by TEXT NOT NULL
) STRICT;

CREATE TABLE asset_host_key (
    asset TEXT NOT NULL REFERENCES asset(id), key TEXT NOT NULL, -- "ssh-ed25519 AAAA…"
    pinned_by TEXT NOT NULL, pinned_at INTEGER NOT NULL, PRIMARY KEY (asset, key)
) STRICT;

CREATE TABLE asset_account (
    id TEXT PRIMARY KEY, asset TEXT NOT NULL REFERENCES asset(id), name TEXT NOT NULL,
    method TEXT NOT NULL,              -- key | password
    secret_sealed BLOB NOT NULL, public TEXT, rotated_at INTEGER NOT NULL, UNIQUE (asset, name)
) STRICT;

CREATE TABLE vendor_asset (
    vendor TEXT NOT NULL REFERENCES vendor(id), asset TEXT NOT NULL REFERENCES asset(id),
    PRIMARY KEY (vendor, asset)
) STRICT;

CREATE TABLE access_window (           -- "window" is a keyword of SQL
    id TEXT PRIMARY KEY, vendor TEXT NOT NULL REFERENCES vendor(id),
    opens_at INTEGER NOT NULL, closes_at INTEGER NOT NULL, -- half-open [opens_at, closes_at)
    state TEXT NOT NULL,               -- draft | requested | approved | refused | open | closed | cancelled | expired
    open_mode TEXT NOT NULL,           -- auto | manual
    emergency INTEGER NOT NULL DEFAULT 0,
    nature TEXT NOT NULL,              -- preventive | corrective | evolutive | diagnostic | update
    reason TEXT NOT NULL, ticket TEXT,
    details TEXT NOT NULL,             -- JSON: procedure, tools, functions kept, interruption, health data… (O-12.2.5.1)
    requested_by TEXT NOT NULL, requested_at INTEGER NOT NULL,
    decided_by TEXT, decided_at INTEGER, decision_reason TEXT, override_reason TEXT,
    opened_by TEXT, opened_at INTEGER, closed_by TEXT, closed_at INTEGER, close_reason TEXT,
    escort TEXT                        -- person who accompanies, when required
) STRICT;
CREATE INDEX access_window_opens ON access_window(opens_at);
CREATE TABLE window_person (
    window TEXT NOT NULL REFERENCES access_window(id), person TEXT NOT NULL REFERENCES person(id),
    PRIMARY KEY (window, person)
) STRICT;
CREATE TABLE window_asset (
    window TEXT NOT NULL REFERENCES access_window(id), asset TEXT NOT NULL REFERENCES asset(id),
    account TEXT NOT NULL,             -- target account allowed; several rows for several accounts
    PRIMARY KEY (window, asset, account)
) STRICT;
CREATE TABLE window_function (         -- everything is off unless a row grants it
    window TEXT NOT NULL REFERENCES access_window(id),
    function TEXT NOT NULL,            -- shell | exec | file_up | file_down (version 2 adds others)
    PRIMARY KEY (window, function)
) STRICT;
CREATE TABLE window_extension (
    window TEXT NOT NULL REFERENCES access_window(id), from_at INTEGER NOT NULL, to_at INTEGER NOT NULL,
    reason TEXT NOT NULL, extended_by TEXT NOT NULL, extended_at INTEGER NOT NULL
) STRICT;

CREATE TABLE charter (
    version INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL, sha256 TEXT NOT NULL,
    published_by TEXT NOT NULL, published_at INTEGER NOT NULL
) STRICT;
CREATE TABLE charter_acceptance (
    charter INTEGER NOT NULL REFERENCES charter(version), person TEXT NOT NULL REFERENCES person(id),
    sha256 TEXT NOT NULL, accepted_at INTEGER NOT NULL, address TEXT NOT NULL,
    PRIMARY KEY (charter, person)
) STRICT;

CREATE TABLE session (
    id TEXT PRIMARY KEY, connection TEXT NOT NULL, access_window TEXT NOT NULL REFERENCES access_window(id),
    person TEXT NOT NULL REFERENCES person(id), asset TEXT NOT NULL REFERENCES asset(id),
    account TEXT NOT NULL, protocol TEXT NOT NULL, source TEXT NOT NULL, source_port INTEGER NOT NULL,
    factors TEXT NOT NULL,             -- "ssh_key+totp"
    started_ms INTEGER NOT NULL, ended_ms INTEGER, end_reason TEXT, ended_by TEXT, end_comment TEXT,
    bytes_in INTEGER, bytes_out INTEGER,
    recording TEXT NOT NULL,           -- open | sealed | interrupted | failed | purged
    header_sha256 TEXT, seal_sha256 TEXT, last_link TEXT, segments INTEGER, record_bytes INTEGER, gaps TEXT
) STRICT;
CREATE INDEX session_window ON session(access_window);
CREATE TABLE session_event (
    session TEXT NOT NULL REFERENCES session(id), at_ms INTEGER NOT NULL, type TEXT NOT NULL,
    detail_sealed BLOB NOT NULL        -- JSON: may hold what was typed
) STRICT;
CREATE INDEX session_event_session ON session_event(session);

CREATE TABLE refusal (
    reference TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, code TEXT NOT NULL, door TEXT NOT NULL,
    address TEXT NOT NULL, login TEXT, person TEXT, asset TEXT, access_window TEXT, detail TEXT
) STRICT;
CREATE INDEX refusal_at ON refusal(at_ms);

CREATE TABLE report (
    id TEXT PRIMARY KEY, access_window TEXT NOT NULL UNIQUE REFERENCES access_window(id),
    state TEXT NOT NULL,               -- due | draft | submitted | accepted | returned
    due_at INTEGER NOT NULL, created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE report_version (
    report TEXT NOT NULL REFERENCES report(id), version INTEGER NOT NULL,
    facts TEXT NOT NULL, form TEXT NOT NULL, -- canonical JSON, as signed
    submitted_by TEXT NOT NULL, submitted_at INTEGER NOT NULL, factors TEXT NOT NULL,
    decision TEXT, decided_by TEXT, decided_at INTEGER, comment TEXT,
    PRIMARY KEY (report, version)
) STRICT;

CREATE TABLE operator_session (
    token_sha256 TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person(id), uid INTEGER NOT NULL,
    started_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE journal_event (           -- the readable half of the journal; the chain is a text file
    sequence INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, type TEXT NOT NULL,
    salt BLOB,                         -- 32 bytes; NULL with event NULL once erased at term
    event TEXT
) STRICT;
CREATE INDEX journal_event_type ON journal_event(type, at_ms);

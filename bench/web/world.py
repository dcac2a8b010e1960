"""A database of many windows and people, for lists to be read from."""
import json
import sqlite3
import time

VENDORS = 10


def ask_windows(browser, count):
    form = "%Y-%m-%dT%H:%M:%SZ"
    for day in range(count):
        at = 3700000000 + day * 86400
        status, text = browser.ask("POST", "/api/v1/windows", {
            "asset": ["scanner-1"], "function": ["shell"], "opens": time.strftime(form, time.gmtime(at)),
            "closes": time.strftime(form, time.gmtime(at + 3600)), "nature": "corrective", "reason": "mesure",
            "procedure": "P-1"})
        assert status == 200, text


def fill(path, windows, people):
    """Up to so many of each, in a database whose policyd is stopped. A session, a report, a refusal, a hold and a request for more
    time come with each window, every closed one is a reviewed emergency; with each person come an acceptance of the charter, and as
    many vendors, targets, addresses, subcontractors, tokens and reviews."""
    now = int(time.time())
    with sqlite3.connect(path) as database:
        asset, by = (database.execute(sql).fetchone()[0] for sql in ("SELECT id FROM asset", "SELECT id FROM person WHERE login = 'c.leroy'"))
        for n in range(VENDORS):
            database.execute("INSERT OR IGNORE INTO vendor (id, name, state, contract_reference, contract_from, contract_to, created_at, created_by) "
                             "VALUES (?, ?, 'active', 'M', 0, 9999999999, ?, ?)", (f"V-bench-{n}", f"Titulaire {n}", now, by))
        database.execute("INSERT OR IGNORE INTO charter (version, title, body, sha256, published_by, published_at) VALUES (1000, 'Mesure', 'mesure', 'mesure', ?, ?)", (by, now))
        for n in range(people):
            state = "suspended" if n % 50 == 7 else "active"
            database.execute("INSERT OR IGNORE INTO person (id, login, first_name, last_name, vendor, state, created_at, created_by) "
                             "VALUES (?, ?, 'Prénom', 'Nom', ?, ?, ?, ?)", (f"P-bench-{n}", f"p-{n}", f"V-bench-{n % VENDORS}", state, now, by))
            database.execute("INSERT OR IGNORE INTO person_role (person, role, granted_by, granted_at) VALUES (?, 'technician', ?, ?)",
                             (f"P-bench-{n}", by, now))
            one = n + VENDORS
            database.execute("INSERT OR IGNORE INTO vendor (id, name, state, contract_reference, contract_from, contract_to, created_at, created_by) "
                             "VALUES (?, ?, 'active', 'M', 0, 9999999999, ?, ?)", (f"V-bench-{one}", f"Titulaire {one}", now, by))
            database.execute("INSERT OR IGNORE INTO asset (id, name, description, protocol, host, port, state, usage_hours, default_open_mode, session_limit, "
                             "recording_days, created_at, created_by) VALUES (?, ?, 'mesure', 'ssh', '127.0.0.1', 22, 'active', '', 'auto', 1, 365, ?, ?)",
                             (f"A-bench-{n}", f"bench-{n}", now, by))
            database.execute("INSERT OR IGNORE INTO authorized_source (id, vendor, range, kind, reason, state, declared_by, declared_at, valid_from) "
                             "VALUES (?, ?, ?, 'vpn', 'mesure', ?, ?, ?, ?)",
                             (f"IP-bench-{n}", f"V-bench-{one}", f"10.{n // 250}.{n % 250}.1/32", "declared" if n % 50 == 9 else "removed", by, now - n, now))
            database.execute("INSERT OR IGNORE INTO subcontractor (id, vendor, name, notified_at) VALUES (?, ?, ?, ?)",
                             (f"ST-bench-{n}", f"V-bench-{n % VENDORS}", f"Sous-traitant {n}", now - n))
            database.execute("INSERT OR IGNORE INTO api_token (id, token_sha256, name, owner, role, sources, read_only, created_at, expires_at) "
                             "VALUES (?, ?, 'mesure', ?, 'dsi', '127.0.0.1/32', 1, ?, ?)", (f"J-bench-{n}", f"bench-{n}", by, now - n, now - 1))
            database.execute("INSERT OR IGNORE INTO access_review (id, vendor, opened_at, due_at, validated_at, validated_by) VALUES (?, ?, ?, ?, ?, ?)",
                             (f"REV-bench-{n}", f"V-bench-{one}", now - n, now + 30 * 86400, None if n % 50 == 11 else now, by))
            database.execute("INSERT OR IGNORE INTO charter_acceptance (charter, person, sha256, accepted_at, address) VALUES (1000, ?, 'mesure', ?, '127.0.0.2')",
                             (f"P-bench-{n}", now - n))
        for n in range(windows):
            at = now + 86400 + n * 600 if n % 50 == 3 else now - 86400 - n * 600
            state, window, person = ("requested" if n % 50 == 3 else "closed"), f"W-bench-{n}", f"P-bench-{n % 100}"
            database.execute("INSERT OR IGNORE INTO access_window (id, vendor, opens_at, closes_at, state, open_mode, nature, reason, details, requested_by, requested_at, "
                             "emergency, decided_by, decided_at) VALUES (?, ?, ?, ?, ?, 'auto', 'corrective', 'mesure', '{}', ?, ?, ?, ?, ?)",
                             (window, f"V-bench-{n % VENDORS}", at, at + 3600, state, person, now, state == "closed", by, at))
            if state == "closed":
                database.execute("INSERT OR IGNORE INTO emergency_review (window, happened, verdict, reviewed_by, reviewed_at, factors) "
                                 "VALUES (?, 'mesure', 'justified', ?, ?, 'password+totp')", (window, by, at + 7200))
            database.execute("INSERT OR IGNORE INTO extension_request (id, window, closes_at, reason, asked_by, asked_at, state) VALUES (?, ?, ?, 'mesure', ?, ?, ?)",
                             (f"E-bench-{n}", window, at + 7200, person, at, "asked" if n % 50 == 3 else "refused"))
            database.execute("INSERT OR IGNORE INTO window_asset VALUES (?, ?, 'maintenance')", (window, asset))
            database.execute("INSERT OR IGNORE INTO window_person VALUES (?, ?)", (window, person))
            database.execute("INSERT OR IGNORE INTO session (id, connection, access_window, person, asset, account, protocol, source, source_port, factors, "
                             "started_ms, ended_ms, end_reason, recording) VALUES (?, 'C', ?, ?, ?, 'maintenance', 'ssh', '127.0.0.2', 1, 'ssh_key+totp', ?, ?, 'client_left', 'sealed')",
                             (f"S-bench-{n}", window, person, asset, at * 1000, at * 1000 + 60000))
            database.execute("INSERT INTO legal_hold (session, reason, placed_by, placed_at, lifted_reason, lifted_by, lifted_at) SELECT ?, 'mesure', ?, ?, ?, ?, ? "
                             "WHERE NOT EXISTS (SELECT 1 FROM legal_hold WHERE session = ?)",
                             (f"S-bench-{n}", by, at, *(("fin", by, at + 60) if n % 3 else (None, None, None)), f"S-bench-{n}"))
            database.execute("INSERT OR IGNORE INTO report (id, access_window, state, due_at, created_at) VALUES (?, ?, ?, ?, ?)",
                             (f"C-bench-{n}", window, "due" if n % 50 == 5 else "accepted", at + 86400, at))
            database.execute("INSERT OR IGNORE INTO refusal (reference, at_ms, code, door, address, login) VALUES (?, ?, 'E-FEN-01', 'ssh', '127.0.0.2', ?)",
                             (f"R-{n:06d}", at * 1000, f"p-{n % 100}"))


def deep_cursor(browser, path, pages):
    """The address of the page after so many."""
    at = path
    for _ in range(pages):
        status, text = browser.ask("GET", at)
        assert status == 200, text
        at = f"{path}?after={json.loads(text)['next']}"
    return at

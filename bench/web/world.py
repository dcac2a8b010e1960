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
    """Up to so many of each, in a database whose policyd is stopped. A session, a report and a refusal come with each window."""
    now = int(time.time())
    with sqlite3.connect(path) as database:
        asset, by = (database.execute(sql).fetchone()[0] for sql in ("SELECT id FROM asset", "SELECT id FROM person WHERE login = 'c.leroy'"))
        for n in range(VENDORS):
            database.execute("INSERT OR IGNORE INTO vendor (id, name, state, contract_reference, contract_from, contract_to, created_at, created_by) "
                             "VALUES (?, ?, 'active', 'M', 0, 9999999999, ?, ?)", (f"V-bench-{n}", f"Titulaire {n}", now, by))
        for n in range(people):
            state = "suspended" if n % 50 == 7 else "active"
            database.execute("INSERT OR IGNORE INTO person (id, login, first_name, last_name, vendor, state, created_at, created_by) "
                             "VALUES (?, ?, 'Prénom', 'Nom', ?, ?, ?, ?)", (f"P-bench-{n}", f"p-{n}", f"V-bench-{n % VENDORS}", state, now, by))
            database.execute("INSERT OR IGNORE INTO person_role (person, role, granted_by, granted_at) VALUES (?, 'technician', ?, ?)",
                             (f"P-bench-{n}", by, now))
        for n in range(windows):
            at = now + 86400 + n * 600 if n % 50 == 3 else now - 86400 - n * 600
            state, window, person = ("requested" if n % 50 == 3 else "closed"), f"W-bench-{n}", f"P-bench-{n % 100}"
            database.execute("INSERT OR IGNORE INTO access_window (id, vendor, opens_at, closes_at, state, open_mode, nature, reason, details, requested_by, requested_at) "
                             "VALUES (?, ?, ?, ?, ?, 'auto', 'corrective', 'mesure', '{}', ?, ?)",
                             (window, f"V-bench-{n % VENDORS}", at, at + 3600, state, person, now))
            database.execute("INSERT OR IGNORE INTO window_asset VALUES (?, ?, 'maintenance')", (window, asset))
            database.execute("INSERT OR IGNORE INTO window_person VALUES (?, ?)", (window, person))
            database.execute("INSERT OR IGNORE INTO session (id, connection, access_window, person, asset, account, protocol, source, source_port, factors, "
                             "started_ms, ended_ms, end_reason, recording) VALUES (?, 'C', ?, ?, ?, 'maintenance', 'ssh', '127.0.0.2', 1, 'ssh_key+totp', ?, ?, 'client_left', 'sealed')",
                             (f"S-bench-{n}", window, person, asset, at * 1000, at * 1000 + 60000))
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

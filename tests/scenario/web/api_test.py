#!/usr/bin/env python3
"""Automation at the console: tokens presented by a stock curl, judged by the real daemons.

api_test.py [TEST…], with ECLUSE_BIN: the folder of the built programs.
"""
# clause: CLAUSIER:O-5.3 CHM:6.1 WEB:AA7
import hashlib
import json
import pathlib
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "bench/web"))
import rig as rigs
import web_test
import world
from rig import PASSWORD, wait_until
from web_test import code_of, instant, told

rig = None
HOME = "127.0.0.16/28"  # the automation's own addresses
MACHINE = "127.0.0.17"


def setUpModule():
    global rig
    rig = web_test.rig = rigs.Rig()


def curl(token, path, body=None, source=MACHINE, door="console", more=()):
    """Status and body, as a script of the hospital gets them."""
    words = ["curl", "--silent", "--insecure", "--max-time", "20", "--interface", source, "--write-out",
             "\n%{http_code} %header{www-authenticate}"]
    if token:
        words += ["--header", f"Authorization: Bearer {token}"]
    if body is not None:
        words += ["--header", "Content-Type: application/json", "--data", json.dumps(body)]
    ran = subprocess.run([*words, *more, rig.url(door) + path], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    text, _, said = ran.stdout.rpartition("\n")
    status, _, challenge = said.partition(" ")
    return int(status), text, challenge


def make(login, role, *words, until="2027-06-30", address=HOME):
    until = instant(300 * 86400)[:10] if until == "2027-06-30" else until
    return rig.act(login, "token", "create", "supervision", "--role", role, "--address", address, "--until", until, *words,
                   "--password-file", rig.root / "password", "--code", rig.recovery(login))


def refused(answer):
    status, text, _ = answer
    return status, code_of(text)


class Tokens(unittest.TestCase):
    def test_a_token_is_shown_once_and_kept_as_its_digest(self):
        made = make("c.leroy", "dsi")
        self.assertRegex(made["secret"], "^ecluse_[0-9a-f]{64}$")
        row = next(row for row in rig.act("a.petit", "token", "list")["rows"] if row["api_token"] == made["api_token"])
        self.assertEqual((row["login"], row["role"], row["sources"], row["state"]), ("c.leroy", "dsi", [HOME], "active"))
        self.assertNotIn(made["secret"], json.dumps(row))
        rig.end("policyd")
        with sqlite3.connect(rig.root / "state/ecluse.db") as database:
            kept = database.execute("SELECT * FROM api_token WHERE id = ?", (made["api_token"],)).fetchone()
        rig.start_policyd()
        self.assertIn(hashlib.sha256(made["secret"].encode()).hexdigest(), kept)
        for file in (rig.root / "state/ecluse.db", rig.root / "journal/journal.log", rig.root / "policyd.log"):
            self.assertNotIn(made["secret"].encode(), file.read_bytes())
        events = rig.act("r.amrani", "journal", "show", "--object", made["api_token"])["rows"]
        self.assertEqual([(event["type"], event["factors"]) for event in events],
                         [("api_token.created", "password+recovery")])
        self.assertEqual(curl(made["secret"], "/api/v1/windows")[0], 200)  # also after a restart

    def test_nobody_lends_more_than_is_theirs_nor_for_ever_nor_to_everywhere(self):
        def no(login, *words):
            ran = rig.run("--as", login, "token", "create", "x", *words, "--password-file", rig.root / "password",
                          "--code", rig.recovery(login))
            self.assertEqual(ran.returncode, 5, ran.stdout)
            return json.loads(ran.stdout or ran.stderr)["error"]["code"]

        day = instant(86400)[:10]
        self.assertEqual(no("c.leroy", "--role", "rssi", "--address", HOME, "--until", day), "E-JET-09")
        self.assertEqual(no("c.leroy", "--role", "dsi", "--address", "0.0.0.0/0", "--until", day), "E-DEC-01")
        self.assertEqual(no("c.leroy", "--role", "dsi", "--address", "maison", "--until", day), "E-SAI-01")
        for until in ("2020-01-01", instant(400 * 86400)[:10]):
            self.assertEqual(no("c.leroy", "--role", "dsi", "--address", HOME, "--until", until), "E-SAI-01")
        self.assertEqual(no("n.belkacem", "--role", "technician", "--address", HOME, "--until", day), "E-DRT-01")
        browser = rig.logged_in("console", "c.leroy")
        status, text = browser.ask("POST", "/api/v1/tokens", {
            "name": "x", "role": "dsi", "address": [HOME], "until": instant(3600), "password": PASSWORD, "code": "000000"})
        self.assertEqual((status, code_of(text)), (403, "E-AUT-01"))  # both factors, again

    def test_a_token_reads_and_acts_with_its_role_and_each_act_names_it(self):
        made = make("c.leroy", "dsi")
        secret = made["secret"]
        for path in ("/api/v1/windows", "/api/v1/sessions", "/api/v1/refusals", "/api/v1/people", "/api/v1/system"):
            status, text, _ = curl(secret, path)
            self.assertEqual(status, 200, text)
        status, text, _ = curl(secret, "/api/v1/me")
        self.assertEqual((status, json.loads(text)["roles"]), (200, ["dsi"]))
        self.assertNotIn("csrf", json.loads(text))
        self.assertEqual(curl(secret, "/api/v1/assets/scanner-1/limit", {"sessions": 3})[0], 200)
        events = rig.act("r.amrani", "journal", "show", "--actor", "c.leroy")["rows"]
        limited = [event for event in events if event.get("token") == made["api_token"]]
        self.assertEqual(len(limited), 1)
        self.assertEqual(limited[0]["source"], MACHINE)
        # Its role is not another's.
        self.assertEqual(refused(curl(secret, "/api/v1/journal")), (403, "E-DRT-01"))
        reads = make("r.amrani", "rssi")
        self.assertEqual(curl(reads["secret"], "/api/v1/journal")[0], 200)
        viewed = rig.act("r.amrani", "journal", "show", "--type", "journal.viewed")["rows"]
        self.assertIn(reads["api_token"], [event.get("token") for event in viewed])
        self.assertEqual(refused(curl(reads["secret"], "/api/v1/assets/scanner-1/limit", {"sessions": 3})),
                         (403, "E-DRT-01"))

    def test_an_inventory_asks_for_a_vendors_window_and_its_owner_may_not_approve_it(self):
        secret = make("c.leroy", "dsi")["secret"]
        body = {"vendor": "Imagelec", "person": ["n.belkacem"], "asset": ["scanner-1"], "function": ["shell"],
                "opens": instant(86400), "closes": instant(90000), "nature": "preventive", "reason": "plan de mise à jour"}
        for wrong, code in (({"vendor": "Inconnu"}, "E-INC-01"), ({"person": []}, "E-SAI-01"),
                            ({"person": ["x.autre"]}, "E-INC-01"), ({"asset": ["poste-9"]}, "E-CTR-02")):
            with self.subTest(wrong=wrong):
                self.assertEqual(refused(curl(secret, "/api/v1/windows", {**body, **wrong}))[1], code)
        without = {name: value for name, value in body.items() if name != "vendor"}
        self.assertEqual(refused(curl(secret, "/api/v1/windows", without))[1], "E-SAI-01")
        status, text, _ = curl(secret, "/api/v1/windows", body)
        self.assertEqual(status, 200, text)
        window = json.loads(text)["window"]
        self.assertEqual(refused(curl(secret, f"/api/v1/windows/{window}/approve", {}))[1], "E-CRE-03")
        self.assertEqual(code_of(rig.logged_in("console", "c.leroy").ask(
            "POST", f"/api/v1/windows/{window}/approve", {})[1]), "E-CRE-03")
        told(rig.logged_in("console", "d.roux").ask("POST", f"/api/v1/windows/{window}/approve", {}))
        # A vendor's person names no other company.
        technician = rig.logged_in("portal", "n.belkacem")
        status, text = technician.ask("POST", "/api/v1/windows", {**body, "vendor": "Autrelec"})
        self.assertEqual(code_of(text), "E-INC-01")

    def test_every_route_gives_a_token_what_the_matrix_says_and_no_signature(self):
        matrix = {row["request"]: row for row in rig.ctl("help", "--roles")["rows"]}
        for login, role, more in (("d.roux", "dsi", ()), ("r.amrani", "rssi", ()), ("a.petit", "platform_admin", ()),
                                  ("d.roux", "dsi", ("--read-only",))):
            secret = make(login, role, *more)["secret"]
            headers = {"Authorization": f"Bearer {secret}"}
            for route in web_test.routes():
                if route["door"] == "portal" or route["request"].startswith("web.") or \
                        route["request"] in web_test.ANONYMOUS:
                    continue
                row = matrix.get(route["request"], {"access": "logged_in", "signs": False})
                reads = route["method"] == "GET"
                with self.subTest(role=role, more=more, request=route["request"]):
                    browser = rig.browser("console", MACHINE)
                    body = None if reads else web_test.body_of(route)
                    status, text = browser.ask(route["method"], web_test.path_of(route), body, headers)
                    if route["answer"] == "websocket":
                        self.assertEqual(status, 405)
                    elif row["access"] == "roles" and role not in row["roles"]:
                        self.assertEqual((status, code_of(text)), (403, "E-DRT-01"), text)
                    elif row["signs"] or (row["access"] != "roles" and not reads):
                        self.assertEqual((status, code_of(text)), (403, "E-JET-07"), text)
                    elif more and not reads:
                        self.assertEqual((status, code_of(text)), (403, "E-JET-08"), text)
                    else:
                        self.assertNotIn(code_of(text), ("E-DRT-01", "E-JET-07", "E-JET-08", "E-AUT-02", "E-SYS-01"))
                        self.assertNotEqual(status, 401, text)

    def test_each_refusal_of_a_token_is_told_and_recorded(self):
        made = make("c.leroy", "dsi")
        secret, name = made["secret"], made["api_token"]
        row = {"E-JET-01": lambda: curl("ecluse_" + "ab" * 32, "/api/v1/windows", source="127.0.0.18"),
               "E-JET-02": lambda: curl(secret, "/api/v1/windows", source="127.0.0.40")}
        for code, ask in row.items():
            status, text, challenge = ask()
            self.assertEqual((status, code_of(text)), (401, code))
            self.assertIn("Bearer", challenge)
            shown = rig.act("c.leroy", "refusal", "show", json.loads(text)["reference"])
            self.assertEqual((shown["code"], shown["door"]), (code, "console"))
        self.assertIn(name, shown["detail"])
        self.assertEqual((shown["login"], shown["address"]), ("c.leroy", "127.0.0.40"))

        dsi = rig.logged_in("console", "c.leroy")
        short = told(dsi.ask("POST", "/api/v1/tokens", {
            "name": "court", "role": "dsi", "address": [HOME], "until": instant(3), "password": PASSWORD,
            "code": rig.recovery("c.leroy")}))
        self.assertEqual(curl(short["secret"], "/api/v1/windows", source="127.0.0.19")[0], 200)
        over = wait_until(lambda: (lambda answer: answer if answer[0] != 200 else None)(
            curl(short["secret"], "/api/v1/windows", source="127.0.0.19")), 20)
        self.assertEqual(refused(over), (401, "E-JET-04"))

        rig.act("a.petit", "token", "revoke", name, "--reason", "remplacé")
        self.assertEqual(refused(curl(secret, "/api/v1/windows")), (401, "E-JET-03"))
        self.assertEqual(rig.run("--as", "a.petit", "token", "revoke", name, "--reason", "encore").returncode, 5)
        events = rig.act("r.amrani", "journal", "show", "--object", name)["rows"]
        self.assertEqual([event["type"] for event in events], ["api_token.created", "api_token.revoked"])

    def test_a_token_is_worth_nothing_once_its_owner_has_lost_the_role(self):
        rig.person("a.petit", "k.roy", "dsi")
        secret = make("k.roy", "dsi")["secret"]
        ask = lambda: curl(secret, "/api/v1/windows", source="127.0.0.20")  # noqa: E731
        self.assertEqual(ask()[0], 200)
        rig.act("a.petit", "role", "revoke", "k.roy", "dsi", "--reason", "mutation")
        self.assertEqual(refused(ask()), (401, "E-JET-05"))
        rig.act("a.petit", "role", "grant", "k.roy", "dsi")
        self.assertEqual(ask()[0], 200)
        rig.act("c.leroy", "person", "suspend", "k.roy", "--reason", "absence")
        self.assertEqual(refused(ask()), (401, "E-JET-05"))
        self.assertIn("withdrawn", [row["state"] for row in rig.act("a.petit", "token", "list")["rows"]])

    def test_who_guesses_waits_and_others_do_not(self):
        secret = make("c.leroy", "dsi")["secret"]
        there = "127.0.0.21"
        for number in range(9):
            self.assertEqual(refused(curl(f"ecluse_{number:064x}", "/api/v1/windows", source=there))[0], 401)
        # From there the right one waits too; from elsewhere it does not.
        self.assertEqual(refused(curl(secret, "/api/v1/windows", source=there)), (429, "E-JET-06"))
        self.assertEqual(curl(secret, "/api/v1/windows", source="127.0.0.22")[0], 200)
        events = rig.act("r.amrani", "journal", "show", "--type", "auth.throttled")["rows"]
        self.assertIn(there, [event["source"] for event in events])
        rig.act("c.leroy", "throttle", "clear", "supervision", "--address", there, "--reason", "corrigé")
        self.assertEqual(curl(secret, "/api/v1/windows", source=there)[0], 200)

    def test_a_token_has_its_door_its_form_and_no_company(self):
        secret = make("c.leroy", "dsi")["secret"]
        self.assertEqual(refused(curl(secret, "/api/v1/windows", source=rigs.VENDOR_ADDRESS, door="portal")),
                         (403, "E-WEB-11"))
        browser = rig.logged_in("console", "c.leroy", MACHINE)
        self.assertEqual(refused(curl(secret, "/api/v1/windows", more=("--cookie", f"__Host-ecluse={browser.cookie}"))),
                         (400, "E-WEB-12"))
        for wrong in ("x", secret[:-1], secret + "0", secret.upper()):
            self.assertEqual(refused(curl(wrong, "/api/v1/windows")), (400, "E-WEB-03"))
        twice = ("--header", f"Authorization: Bearer {secret}")
        self.assertEqual(curl(secret, "/api/v1/windows", more=twice)[0], 400)
        # A form is no JSON; a browser's cookie still needs its page.
        self.assertEqual(refused(curl(secret, "/api/v1/assets/scanner-1/limit", more=("--data", "sessions=3")))[1],
                         "E-WEB-07")
        status, text = browser.ask("POST", "/api/v1/assets/scanner-1/limit", {"sessions": 3}, {"Origin": "https://a.example"})
        self.assertEqual((status, code_of(text)), (403, "E-WEB-06"))
        # Nobody listens with a token.
        with rig.raw("console", MACHINE) as link:
            link.sendall((f"GET /api/v1/live HTTP/1.1\r\nHost: {browser.origin[8:]}\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
                          f"Sec-WebSocket-Version: 13\r\nOrigin: {browser.origin}\r\n"
                          f"Authorization: Bearer {secret}\r\n\r\n").encode())
            self.assertIn(b" 401 ", link.recv(4096).partition(b"\r\n")[0])

    def test_the_description_says_where_a_token_serves(self):
        described = json.loads(rig.browser("console").ask("GET", "/api/v1/openapi.json")[1])
        self.assertEqual(described["components"]["securitySchemes"]["token"]["scheme"], "bearer")
        for route in web_test.routes():
            operation = described["paths"][route["path"]][route["method"].lower()]
            serves = {"token": []} in operation.get("security", described["security"])
            signs = "password" in route["fields"].split(",")
            self.assertEqual(serves, route["door"] != "portal" and not signs and route["answer"] != "websocket",
                             route["request"])


class Pages(unittest.TestCase):
    """Lists that grow come in pages, and nothing is missed or told twice while they do."""

    @classmethod
    def setUpClass(cls):
        rig.end("policyd")
        world.fill(rig.root / "state/ecluse.db", 450, 250)
        rig.start_policyd()
        cls.browser = rig.logged_in("console", "d.roux")

    def walk(self, path, between=lambda: None):
        """Every row, page by page; `between` happens after the first page."""
        rows, at = [], path
        while True:
            page = told(self.browser.ask("GET", at))
            self.assertLessEqual(len(page["rows"]), 100)
            self.assertEqual(page["more"], "next" in page)
            rows += page["rows"]
            if not page["more"]:
                return rows
            between()
            between = lambda: None  # noqa: E731
            at = path + ("&" if "?" in path else "?") + "after=" + page["next"]

    def test_a_page_begins_where_the_last_ended_whatever_came_in_between(self):
        technician = rig.logged_in("portal", "n.belkacem")
        added = []

        def ask():
            # Later than every other: it stands before the page that was read.
            added.append(told(technician.ask("POST", "/api/v1/windows", {
                "asset": ["scanner-1"], "function": ["shell"], "opens": "2088-01-05T08:00:00Z",
                "closes": "2088-01-05T10:00:00Z", "nature": "corrective", "reason": "essai", "procedure": "P-1"}))["window"])

        names = [row["window"] for row in self.walk("/api/v1/windows", ask)]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual({f"W-bench-{n}" for n in range(450)} - set(names), set())
        self.assertNotIn(added[0], names)
        self.assertEqual(told(self.browser.ask("GET", "/api/v1/windows"))["rows"][0]["window"], added[0])

    def test_every_list_is_read_to_its_end_in_its_order(self):
        for path, key, count in (("/api/v1/people", "login", 250), ("/api/v1/sessions", "session", 450),
                                 ("/api/v1/reports", "report", 450), ("/api/v1/refusals", "reference", 450),
                                 ("/api/v1/windows?state=closed", "window", 441), ("/api/v1/windows?vendor=V-bench-1", "window", 45),
                                 ("/api/v1/people?state=suspended", "login", 5), ("/api/v1/sessions?person=P-bench-7", "session", 5),
                                 ("/api/v1/vendors", "vendor", 260), ("/api/v1/assets", "asset", 250), ("/api/v1/sources", "source", 250),
                                 ("/api/v1/sources?state=declared", "source", 5), ("/api/v1/subcontractors", "subcontractor", 250),
                                 ("/api/v1/charter/acceptances", "login", 250), ("/api/v1/tokens", "api_token", 250),
                                 ("/api/v1/reviews", "review", 250), ("/api/v1/reviews?running=true", "review", 5),
                                 ("/api/v1/emergencies", "window", 441), ("/api/v1/extensions", "extension", 450),
                                 ("/api/v1/extensions?state=asked", "extension", 9), ("/api/v1/holds", "session", 450)):
            with self.subTest(path=path):
                names = [row[key] for row in self.walk(path)]
                self.assertEqual(len(names), len(set(names)))
                made = [name for name in names if "bench" in name or name.startswith("p-") or name.startswith("R-000")]
                self.assertEqual(len(made), count)
        logins = [row["login"] for row in self.walk("/api/v1/people")]
        self.assertEqual(logins, sorted(logins))
        # What is in force, or runs, comes first.
        for path, over in (("/api/v1/holds", "lifted_at"), ("/api/v1/reviews", "validated_at")):
            states = [row[over] is not None for row in self.walk(path)]
            self.assertEqual(states, sorted(states))
            self.assertIn(False, states)
        late = self.walk("/api/v1/reports?late=true")
        self.assertTrue(late and all(row["late"] for row in late))
        self.assertEqual(len(late), sum(row["late"] for row in self.walk("/api/v1/reports")))

    def test_a_cursor_that_is_none_is_refused(self):
        people = told(self.browser.ask("GET", "/api/v1/people"))["next"]
        for cursor in ("x", "0", "00", "zz", "61", "0a", people, "ff" * 200):
            with self.subTest(cursor=cursor):
                status, text = self.browser.ask("GET", f"/api/v1/windows?after={cursor}")
                self.assertEqual((status, code_of(text)), (422, "E-SAI-01"))
        self.assertEqual(code_of(self.browser.ask("GET", "/api/v1/windows?after=" + "61" * 300)[1]), "E-REQ-01")
        # One of another company begins elsewhere, in what its holder may see.
        other = rig.logged_in("portal", "x.autre", "127.0.0.4")
        cursor = told(self.browser.ask("GET", "/api/v1/windows"))["next"]
        self.assertEqual(told(other.ask("GET", f"/api/v1/windows?after={cursor}"))["rows"], [])

    def test_the_command_line_reads_every_page_and_the_journal_goes_on(self):
        rows = rig.act("d.roux", "window", "list", "--state", "closed")
        self.assertGreaterEqual(len(rows["rows"]), 441)
        self.assertFalse(rows["more"])
        everything = rig.act("r.amrani", "journal", "show")
        self.assertFalse(everything["more"])
        self.assertGreater(len(everything["rows"]), 50)
        numbers = [row["sequence"] for row in everything["rows"]]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/env python3
"""What an auditor whose grant is limited sees, request by request, and when it ends.

auditor_test.py [TEST…], with ECLUSE_BIN: the folder of the built programs. Rows of two organisations are written into the
database while policyd is down; every question then goes over the operator's socket or the console's TLS, to the real
daemons.
"""
# clause: HDS:EXI-18 CLAUSIER:O-12.3.7 CLAUSIER:O-12.4.3 CHM:13.9 CHM:13.19
import json
import os
import pathlib
import socket
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import rig as rigs
from rig import PASSWORD, WebSocket, wait_until

rig = None
AUDITOR = "e.audit"
HIDDEN = ("OUT", "Autrelec", "pacs-1", "x.autre")  # what is the other organisation's, wherever it stands
DAY = 86400


def setUpModule():
    global rig
    rig = rigs.Rig()
    rig.act("c.leroy", "asset", "create", "pacs-1", "--description", "PACS", "--host", "127.0.0.1")
    rig.act("c.leroy", "account", "add", "pacs-1", "maintenance")
    rig.act("c.leroy", "vendor", "asset-add", "Autrelec", "pacs-1")
    rig.act("r.amrani", "person", "create", "--first-name", "Eva", "--last-name", "Noir", "--login", AUDITOR, "--mail",
            "e.audit@example.fr", "--role", "auditor", "--until", "2090-01-01", "--scope", "vendor:Imagelec,asset:scanner-1")
    rig.enrol(AUDITOR, rig.act("r.amrani", "person", "invite", AUDITOR)["token"])
    seed()


def tearDownModule():
    rig.stop()


def seed():
    """For each organisation a closed emergency with a session, its report, a refusal, an extension and a hold; and a window
    of Imagelec with a target of each, MIX, whose session was on the target inside."""
    rig.end("policyd")
    now = int(time.time())
    with sqlite3.connect(rig.root / "state/ecluse.db") as db:
        one = lambda sql, name: db.execute(sql, (name,)).fetchone()[0]
        person = lambda login: one("SELECT id FROM person WHERE login = ?", login)
        asset = lambda name: one("SELECT id FROM asset WHERE name = ?", name)
        vendor = lambda name: one("SELECT id FROM vendor WHERE name = ?", name)
        for mark, company, login, targets in (("IN", "Imagelec", "n.belkacem", ("scanner-1",)), ("OUT", "Autrelec", "x.autre", ("pacs-1",)),
                                              ("MIX", "Imagelec", "n.belkacem", ("scanner-1", "pacs-1"))):
            who = person(login)
            db.execute("INSERT INTO access_window (id, vendor, opens_at, closes_at, state, open_mode, emergency, nature, reason, details, "
                       "requested_by, requested_at, decided_by, decided_at) VALUES (?,?,?,?,'closed','auto',1,'corrective',?,'{}',?,?,?,?)",
                       (f"W-{mark}", vendor(company), now - DAY, now - DAY + 3600, f"panne {mark}", who, now - DAY, person("c.leroy"), now - DAY))
            db.execute("INSERT INTO window_person VALUES (?,?)", (f"W-{mark}", who))
            for name in targets:
                db.execute("INSERT INTO window_asset VALUES (?,?,'maintenance')", (f"W-{mark}", asset(name)))
            db.execute("INSERT INTO session (id, connection, access_window, person, asset, account, protocol, source, source_port, factors, "
                       "started_ms, ended_ms, end_reason, recording) VALUES (?,?,?,?,?,'maintenance','ssh','127.0.0.2',4000,'ssh_key+totp',?,?,"
                       "'client_left','sealed')", (f"S-{mark}", f"C-{mark}", f"W-{mark}", who, asset(targets[0]), (now - DAY) * 1000, (now - DAY + 60) * 1000))
            db.execute("INSERT INTO report VALUES (?,?,'due',?,?)", (f"I-{mark}", f"W-{mark}", now + DAY, now - DAY))
            db.execute("INSERT INTO refusal (reference, at_ms, code, door, address, login, person, asset, access_window) VALUES (?,?,'E-FEN-03','ssh',"
                       "'127.0.0.2',?,?,?,?)", (f"R-{mark}", now * 1000, login, who, targets[0], f"W-{mark}"))
            db.execute("INSERT INTO extension_request (id, window, closes_at, reason, asked_by, asked_at, state) VALUES (?,?,?,?,?,?,'refused')",
                       (f"E-{mark}", f"W-{mark}", now, f"encore {mark}", who, now - DAY))
            db.execute("INSERT INTO legal_hold (session, reason, placed_by, placed_at) VALUES (?,?,?,?)", (f"S-{mark}", f"plainte {mark}", person("r.amrani"), now))
        db.execute("INSERT INTO refusal (reference, at_ms, code, door, address, login) VALUES ('R-OUT-2',?,'E-AUT-01','console','127.0.0.9','personne')", (now * 1000,))
    rig.start_policyd()


class Socket:
    """One login at the operator's socket."""

    def __init__(self, login):
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.link.settimeout(20)
        self.link.connect(str(rig.root / "run/operator.sock"))
        self.token = (rig.root / "run/operator" / login).read_text()
        self.id = 0
        self.ask("operator.hello", version="essai", language="fr")

    def ask(self, request, **fields):
        """The answer, with its document in its place; None when the connection ended."""
        self.id += 1
        said = {"do": request, "id": self.id, **fields}
        if request != "operator.hello":
            said["token"] = self.token
        self.link.send(json.dumps(said).encode())
        data, descriptors, _, _ = socket.recv_fds(self.link, 65536, 16)
        if not data:
            return None
        answer = json.loads(data)
        if answer.get("document") and descriptors:
            with os.fdopen(descriptors.pop(0), "rb") as file:
                answer.update(json.loads(file.read()))
        for descriptor in descriptors:
            os.close(descriptor)
        return answer

    def code(self, request, **fields):
        answer = self.ask(request, **fields)
        return None if answer is None else answer.get("error", {}).get("code")


# By an object's id: the field, and the others that the request wants.
BY_ID = {
    "session.show": ("session", "S", {}),
    "recording.show": ("session", "S", {}),
    "recording.open": ("session", "S", {"reason": "audit"}),
    "recording.verify": ("session", "S", {}),
    "recording.export": ("session", "S", {"reason": "audit", "format": "pack"}),
    "recording.view": ("session", "S", {"reason": "audit"}),
    "window.show": ("window", "W", {}),
    "report.show": ("report", "I", {}),
    "report.export": ("report", "I", {"format": "json"}),
    "refusal.show": ("reference", "R", {}),
}
LISTS = ("session.list", "recording.list", "window.list", "report.list", "refusal.list", "extension.list", "hold.list", "emergency.list",
         "asset.list", "audit.list")
# Of what was opened before, inside the limits: another login's handle opens nothing.
BY_HANDLE = {
    "recording.watch": ({"view": "V-X", "key": "AAAA", "from": 0}, "E-ENR-02"),
    "recording.video": ({"view": "V-X", "key": "AAAA", "from": 0, "from_ms": 0, "to_ms": 0}, "E-ENR-02"),
    "recording.seen": ({"view": "V-X", "from_ms": 0, "to_ms": 0}, "E-ENR-02"),
    "bookmark.list": ({"view": "V-X"}, "E-ENR-02"),
    "bookmark.add": ({"view": "V-X", "at_ms": 0, "note": "x"}, "E-ENR-02"),
    "bookmark.remove": ({"view": "V-X", "bookmark": "M-X"}, "E-ENR-02"),
    "evidence.recording": ({"pack": "P-X", "session": "S-IN"}, "E-INC-01"),
    "evidence.seal": ({"pack": "P-X", "manifest": "x"}, "E-INC-01"),
    "search.keys": ({"search": "Q-X"}, "E-RCH-02"),
    "search.feed": ({"search": "Q-X", "keys": []}, "E-RCH-02"),
    "search.find": ({"search": "Q-X", "words": "x"}, "E-RCH-02"),
    "search.files": ({"search": "Q-X"}, "E-RCH-02"),
    "search.close": ({"search": "Q-X"}, "E-RCH-02"),
}
# Each with a test of its own below.
OTHERS = {"evidence.export", "search.open", "asset.show", "audit.draw", "audit.show", "audit.population", "audit.judge", "audit.sign",
          "audit.abandon", "audit.minutes"}


def signed(login=AUDITOR):
    return {"password": PASSWORD, "code": rig.recovery(login)}


class Scope(unittest.TestCase):
    def setUp(self):
        self.auditor = Socket(AUDITOR)

    def hides(self, answer):
        self.assertTrue(answer["ok"], answer)
        text = json.dumps(answer)
        for word in HIDDEN:
            self.assertNotIn(word, text)

    def test_whatever_the_matrix_gives_an_auditor_is_filtered_or_closed_to_a_limited_one(self):
        matrix = [row for row in rig.ctl("help", "--roles")["rows"] if row["access"] == "roles" and "auditor" in row["roles"]]
        self.assertGreater(len(matrix), 50)
        filtered = set()
        for row in matrix:
            with self.subTest(request=row["request"]):
                code = Socket(AUDITOR).code(row["request"])
                if row["limited_auditor"]:
                    filtered.add(row["request"])
                    self.assertNotIn(code, ("E-DRT-01", "E-DRT-02"))
                else:
                    self.assertEqual(code, "E-DRT-02")
        # Whoever lets a limited auditor ask something new proves here what it shows.
        self.assertEqual(filtered, set(BY_ID) | set(LISTS) | set(BY_HANDLE) | OTHERS)

    def test_an_object_of_another_organisation_answers_like_one_that_does_not_exist(self):
        matrix = {row["request"]: row for row in rig.ctl("help", "--roles")["rows"]}
        for request, (field, kind, more) in BY_ID.items():
            with self.subTest(request=request):
                answers = []
                for name in (f"{kind}-OUT", f"{kind}-ZZZ"):
                    sign = signed() if matrix[request]["signs"] else {}
                    answer = self.auditor.ask(request, **{field: name}, **more, **sign)
                    self.assertFalse(answer["ok"], answer)
                    answers.append(json.dumps(answer["error"]).replace(name, "?"))
                self.assertEqual(answers[0], answers[1])
        for request, (fields, code) in BY_HANDLE.items():
            with self.subTest(request=request):
                self.assertEqual(self.auditor.code(request, **fields), code)

    def test_what_is_inside_is_seen(self):
        for request, (field, kind, more) in BY_ID.items():
            # The recordings are not there: what the recorder would be asked for was allowed.
            if request.startswith("recording.") and request != "recording.show":
                continue
            with self.subTest(request=request):
                self.hides(self.auditor.ask(request, **{field: f"{kind}-IN"}, **more))
        self.assertEqual(self.auditor.ask("asset.show", asset="scanner-1")["name"], "scanner-1")
        self.assertEqual(self.auditor.code("asset.show", asset="pacs-1"), self.auditor.code("asset.show", asset="rien-1"))

    def test_lists_have_and_count_what_is_inside_only(self):
        inside = {"session.list": {"S-IN", "S-MIX"}, "recording.list": {"S-IN", "S-MIX"}, "window.list": {"W-IN", "W-MIX"},
                  "report.list": {"I-IN"}, "refusal.list": {"R-IN", "R-MIX"}, "extension.list": {"E-IN", "E-MIX"}, "hold.list": {"S-IN", "S-MIX"},
                  "emergency.list": {"W-IN", "W-MIX"}, "asset.list": {"scanner-1"}}
        keys = {"session.list": "session", "recording.list": "session", "window.list": "window", "report.list": "report",
                "refusal.list": "reference", "extension.list": "extension", "hold.list": "session", "emergency.list": "window",
                "asset.list": "name"}
        for request in LISTS:
            with self.subTest(request=request):
                answer = self.auditor.ask(request)
                self.hides(answer)
                self.assertFalse(answer["more"])
                if request != "audit.list":  # the own ones, drawn below
                    self.assertEqual({row[keys[request]] for row in answer["rows"]}, inside[request])
        self.assertNotIn("sessions", self.auditor.ask("audit.list"))

    def test_a_filter_by_name_tells_nothing_of_who_else_is_there(self):
        for request, field, there, nobody in (("session.list", "person", "x.autre", "z.personne"), ("window.list", "vendor", "Autrelec", "Zorglub"),
                                              ("window.list", "asset", "pacs-1", "rien-1"), ("recording.list", "vendor", "Autrelec", "Zorglub"),
                                              ("session.list", "window", "W-OUT", "W-ZZZ"), ("extension.list", "window", "W-OUT", "W-ZZZ")):
            with self.subTest(request=request, field=field):
                first, second = self.auditor.ask(request, **{field: there}), self.auditor.ask(request, **{field: nobody})
                self.assertTrue(first["ok"] and second["ok"])
                self.assertEqual((first["rows"], second["rows"]), ([], []))

    def test_a_window_with_a_target_of_each_shows_its_own_and_not_the_report_of_both(self):
        window = self.auditor.ask("window.show", window="W-MIX")
        self.hides(window)
        self.assertEqual([target["asset"] for target in window["targets"]], ["scanner-1"])
        self.assertIsNone(window["report"])
        self.assertEqual(self.auditor.code("report.show", report="I-MIX"), "E-RAP-00")
        self.assertEqual(self.auditor.code("report.show", report="W-MIX"), "E-RAP-00")
        self.assertEqual(self.auditor.ask("window.show", window="W-IN")["report"], "I-IN")
        # The RSSI sees both.
        rig.ctl("login", "r.amrani", "--password-file", rig.root / "password", "--code", rig.recovery("r.amrani"))
        self.assertEqual(len(Socket("r.amrani").ask("window.show", window="W-MIX")["targets"]), 2)

    def test_a_search_and_a_pack_take_nothing_from_outside(self):
        self.assertEqual(self.auditor.ask("search.open", reason="audit", here=False)["total"], 2)
        self.assertEqual(self.auditor.ask("search.open", reason="audit", here=False, vendor="Autrelec")["total"], 0)
        for sessions in (["S-OUT"], ["S-IN", "S-OUT"], ["S-ZZZ"]):
            self.assertEqual(self.auditor.code("evidence.export", sessions=sessions, reason="audit", **signed()), "E-ENR-02")
        # The report of both targets stays out of the pack of one.
        pack = self.auditor.ask("evidence.export", sessions=["S-MIX"], reason="audit", **signed())
        self.assertEqual((pack["reports"], pack["windows"]), ([], ["W-MIX"]))
        self.assertEqual(self.auditor.ask("evidence.export", sessions=["S-IN"], reason="audit", **signed())["reports"], ["I-IN"])

    def test_a_draw_is_from_inside_and_another_persons_audit_does_not_exist(self):
        span = {"from": "2020-01-01T00:00:00Z", "until": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        rssi = Socket("r.amrani")
        whole = rssi.ask("audit.draw", **span, share=100)
        self.assertEqual((whole["population"], whole["drawn"]), (3, 3))
        other = whole["audit"]
        checks = dict.fromkeys(("recording", "purpose", "acts", "report", "anomalies"), "none")
        for request, more in (("audit.show", {}), ("audit.population", {}), ("audit.minutes", {}), ("audit.judge", {"session": "S-IN", **checks}),
                              ("audit.abandon", {"reason": "x"}), ("audit.sign", {"conclusion": "x"})):
            with self.subTest(request=request):
                sign = lambda: signed() if request == "audit.sign" else {}
                first = self.auditor.ask(request, audit=other, **more, **sign())["error"]
                second = self.auditor.ask(request, audit="U-ZZZ", **more, **sign())["error"]
                self.assertEqual(json.dumps(first).replace(other, "?"), json.dumps(second).replace("U-ZZZ", "?"))
        self.assertEqual(self.auditor.code("audit.draw", **span, size=1, vendor="Autrelec"), "E-INC-01")
        self.assertEqual(self.auditor.code("audit.draw", **span, size=1, asset="pacs-1"), "E-INC-01")
        own = self.auditor.ask("audit.draw", **span, share=100)
        self.assertEqual((own["population"], own["drawn"]), (2, 2))
        shown = self.auditor.ask("audit.show", audit=own["audit"])
        self.hides(shown)
        self.assertEqual({row["session"]: row["report"] for row in shown["rows"]}, {"S-IN": "I-IN", "S-MIX": None})
        self.assertEqual([row["audit"] for row in self.auditor.ask("audit.list")["rows"]], [own["audit"]])
        for row in shown["rows"]:
            self.assertTrue(self.auditor.ask("audit.judge", audit=own["audit"], session=row["session"], **checks)["ok"])
        self.assertTrue(self.auditor.ask("audit.sign", audit=own["audit"], conclusion="rien à signaler", **signed())["ok"])
        self.assertEqual(len(self.auditor.ask("audit.show", audit=own["audit"])["rows"]), 2)
        # One vendor's audit is not the hospital's.
        self.assertTrue(rssi.ask("audit.abandon", audit=other, reason="essai")["ok"])
        self.assertEqual(rssi.ask("audit.list")["audited"], 2)
        told = rig.act("r.amrani", "journal", "show", "--type", "audit.drawn")["rows"][-1]
        self.assertEqual(len(told["scope"]["vendors"]), 1)

    def test_a_limited_auditor_in_a_browser(self):
        browser = rig.logged_in("console", AUDITOR)
        who = json.loads(browser.ask("GET", "/api/v1/me")[1])
        self.assertEqual(who["scope"], {"vendors": ["Imagelec"], "assets": ["scanner-1"]})
        sessions = json.loads(browser.ask("GET", "/api/v1/sessions")[1])
        self.assertEqual({row["session"] for row in sessions["rows"]}, {"S-IN", "S-MIX"})
        for path in ("/api/v1/sessions/S-OUT", "/api/v1/recordings/S-OUT", "/api/v1/windows/W-OUT", "/api/v1/reports/I-OUT"):
            first, second = browser.ask("GET", path), browser.ask("GET", path.replace("OUT", "ZZZ"))
            self.assertEqual(first[0], 404)
            self.assertEqual((first[0], first[1].replace(b"OUT", b"?")), (second[0], second[1].replace(b"ZZZ", b"?")))
        self.assertEqual(browser.ask("GET", "/api/v1/vendors")[0], 403)


class Term(unittest.TestCase):
    def grant(self, login, until, **more):
        rssi = rig.logged_in("console", "r.amrani")
        status, text = rssi.ask("POST", f"/api/v1/people/{login}/role_grant", {"role": "auditor", "until": until, **more})
        self.assertEqual(status, 200, text)
        return rssi

    def newcomer(self, login):
        first, last = login.split(".")
        rig.act("r.amrani", "person", "create", "--first-name", first.title(), "--last-name", last.title(), "--login", login, "--mail",
                f"{login}@example.fr", "--role", "auditor", "--until", "2090-01-01")
        rig.enrol(login, rig.act("r.amrani", "person", "invite", login)["token"])

    def ended(self, page):
        while (said := page.receive()) is not None:
            if "end" in json.loads(said):
                return json.loads(said)["end"]["code"]
        return None

    def test_at_its_term_an_auditor_loses_everything_at_once_and_comes_back_to_nothing(self):
        self.newcomer("t.terme")
        codes = [rig.recovery("t.terme") for _ in range(7)]
        # On a busy machine the term may come before both logins do: then a later one.
        for margin in (8, 20, 60):
            self.grant("t.terme", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + margin)))
            # The new term ended the logins made under the old one.
            rig.run("login", "t.terme", "--password-file", rig.root / "password", "--code", codes.pop())
            link = Socket("t.terme")
            browser = rig.browser("console")
            if browser.login("t.terme", PASSWORD, codes.pop())[0] != 200:
                continue
            page = WebSocket(rig, "console", browser)
            if link.ask("session.list")["ok"] and page.status == 101:
                break
        page.connection.settimeout(90)
        self.assertEqual(self.ended(page), "E-AUT-06")
        self.assertEqual(link.code("session.list"), "E-AUT-02")
        self.assertEqual(json.loads(browser.ask("GET", "/api/v1/sessions")[1])["code"], "E-AUT-06")
        status, text = rig.browser("console").login("t.terme", PASSWORD, codes.pop())
        self.assertEqual(json.loads(text)["code"], "E-ROL-04")
        expired = rig.act("r.amrani", "journal", "show", "--type", "role.expired")["rows"]
        self.assertIn("auditor", [event["role"] for event in expired])

    def test_other_limits_or_none_at_all_end_what_was_open(self):
        self.newcomer("u.limite")
        page = WebSocket(rig, "console", rig.logged_in("console", "u.limite"))
        self.grant("u.limite", "2090-01-01T00:00:00Z", scope=["vendor:Autrelec"])
        self.assertEqual(self.ended(page), "E-AUT-06")
        browser = rig.logged_in("console", "u.limite")
        rows = json.loads(browser.ask("GET", "/api/v1/sessions")[1])["rows"]
        self.assertEqual([row["session"] for row in rows], ["S-OUT"])
        rssi = self.grant("u.limite", "2090-01-01T00:00:00Z")
        browser = rig.logged_in("console", "u.limite")
        self.assertEqual(len(json.loads(browser.ask("GET", "/api/v1/sessions")[1])["rows"]), 3)
        page = WebSocket(rig, "console", browser)
        status, text = rssi.ask("POST", "/api/v1/people/u.limite/role_revoke", {"role": "auditor", "reason": "audit terminé"})
        self.assertEqual(status, 200, text)
        self.assertEqual(self.ended(page), "E-AUT-06")

    def test_limits_are_an_auditors_and_name_what_there_is(self):
        self.newcomer("v.juste")
        rssi = rig.logged_in("console", "r.amrani")
        for role, scope, code in (("auditor", ["vendor:Personne"], "E-INC-01"), ("auditor", ["asset:rien-1"], "E-INC-01"),
                                  ("auditor", ["scanner-1"], "E-SAI-01"), ("log_manager", ["vendor:Imagelec"], "E-SAI-01")):
            with self.subTest(role=role, scope=scope):
                status, text = rssi.ask("POST", "/api/v1/people/v.juste/role_grant", {"role": role, "until": "2090-01-01T00:00:00Z", "scope": scope})
                self.assertEqual(json.loads(text).get("code"), code, text)


class Volume(unittest.TestCase):
    """Last, because of the many sessions that it leaves."""

    def test_more_than_one_list_is_not_drawn(self):
        rig.end("policyd")
        with sqlite3.connect(rig.root / "state/ecluse.db") as db:
            for i in range(501):
                db.execute("INSERT INTO session SELECT 'S-MANY-' || ?, connection, access_window, person, asset, account, protocol, source, source_port, "
                           "factors, started_ms, ended_ms, end_reason, ended_by, end_comment, bytes_in, bytes_out, recording, header_sha256, seal_sha256, "
                           "last_link, segments, record_bytes, gaps, purge_announced_at FROM session WHERE id = 'S-IN'", (i,))
        rig.start_policyd()
        rig.ctl("login", "r.amrani", "--password-file", rig.root / "password", "--code", rig.recovery("r.amrani"))
        rssi = Socket("r.amrani")
        span = {"from": "2020-01-01T00:00:00Z", "until": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        self.assertEqual(rssi.code("audit.draw", **span, share=100), "E-AUD-03")
        drawn = rssi.ask("audit.draw", **span, share=10)
        self.assertEqual((drawn["population"], drawn["drawn"]), (504, 51))
        self.assertEqual(len(rssi.ask("audit.show", audit=drawn["audit"])["rows"]), 51)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Portal and console as outsiders and people meet them: real daemons, real TLS.

web_test.py [TEST…], with ECLUSE_BIN: the folder of the built programs.
"""
# clause: CLAUSIER:O-5.3 CLAUSIER:O-8.1 WEB:GP4 WEB:GA1 WEB:AA8 WEB:AA9 WEB:AA10 WEB:AA11 WEB:AA12 WEB:AA13
# clause: CLAUSIER:O-12.5.7 WEB:DT3 WEB:DT6 WEB:DT10 WEB:DT13 WEB:CR1
import base64
import csv
import hashlib
import http.client
import json
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import unittest

import rig as rigs
from rig import Browser, OTHER_ADDRESS, PASSWORD, SOURCE, VENDOR_ADDRESS, WebSocket, read_answer, solve, wait_until

rig = None


def setUpModule():
    global rig
    rig = rigs.Rig('[portal]\nper_source_max = 40\n')


def routes():
    lines = [line for line in (SOURCE / "admin-web/routes.tsv").read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


ANONYMOUS = {"web.challenge", "web.openapi", "site.show", "login", "passkey.challenge", "enrol.begin", "enrol.confirm",
             "evidence.certificate"}


# What is judged as a form before anything else is.
VALID = {"door": "portal", "format": "pdf", "closes": "2089-01-05T10:00:00Z", "charter": 999}


def path_of(route, value="X"):
    return re.sub(r"\{([a-z_]+)\}", lambda hole: str(VALID.get(hole[1], value)), route["path"])


def body_of(route):
    """A body that the contract accepts, with values that no object has."""
    body = {}
    for field in [] if route["fields"] == "-" else route["fields"].split(","):
        if field.endswith("?"):
            continue
        name = field.removesuffix("[]").partition(":")[0]
        if "{" + name + "}" in route["path"]:
            continue
        body[name] = VALID[name] if name in VALID else ["X"] if field.endswith("[]") else False if ":flag" in field else {} if ":object" in field else 999 if ":number" in field else "X"
    return body


def ask(browser, route):
    if route["method"] == "POST":
        body = body_of(route)
        return browser.ask("POST", path_of(route), body)
    query = "&".join(f"{name}={value}" for name, value in body_of(route).items() if isinstance(value, str))
    return browser.ask("GET", path_of(route) + (f"?{query}" if query else ""))


def code_of(text):
    try:
        return json.loads(text).get("code")
    except ValueError:
        return None


class Doors(unittest.TestCase):
    def test_anonymous_visitor_reaches_nothing_but_the_login(self):
        for door in ("portal", "console"):
            browser = rig.browser(door)
            for route in routes():
                with self.subTest(door=door, request=route["request"]):
                    status, text = ask(browser, route)
                    if route["door"] not in (door, "both"):
                        self.assertIn(status, (404, 405))
                    elif route["answer"] == "websocket":
                        self.assertEqual(status, 405)
                    elif route["request"] not in ANONYMOUS:
                        self.assertEqual((status, code_of(text)), (401, "E-AUT-02"))

    def test_every_role_gets_exactly_what_the_matrix_says(self):
        matrix = {row["request"]: row for row in rig.ctl("help", "--roles")["rows"]}
        people = {"technician": ("portal", "n.belkacem"), "vendor_manager": ("portal", "o.haddad"),
                  "dsi": ("console", "d.roux"), "rssi": ("console", "r.amrani"),
                  "platform_admin": ("console", "a.petit")}
        # Acts that would end the session of the test itself, or need a second factor each time.
        skipped = {"logout", "login", "enrol.begin", "enrol.confirm", "live.subscribe"}
        for role, (door, login) in people.items():
            browser = rig.logged_in(door, login)
            for route in routes():
                if route["door"] not in (door, "both") or route["request"] in skipped or \
                        route["request"].startswith("web."):
                    continue
                row = matrix[route["request"]]
                allowed = row["access"] != "roles" or role in row["roles"]
                if allowed and row["signs"]:
                    continue  # wrong factors slow everybody down; signing has tests of its own
                with self.subTest(role=role, request=route["request"]):
                    if route["answer"] == "websocket":
                        # The object does not exist: only whoever may ask is told.
                        asked = WebSocket(rig, door, browser, path=path_of(route, "S-AAAAAAAAAAAAAAAA"))
                        code = asked.refusal()
                        self.assertNotIn(code, ("E-AUT-02", "E-REQ-01", "E-SYS-01"))
                        self.assertEqual(code == "E-DRT-01", not allowed, code)
                        continue
                    status, text = ask(browser, route)
                    if allowed:
                        self.assertNotIn(code_of(text), ("E-DRT-01", "E-AUT-02", "E-REQ-01", "E-SYS-01"), text)
                    else:
                        self.assertEqual((status, code_of(text)), (403, "E-DRT-01"), text)

    def test_a_portal_socket_can_ask_no_console_request(self):
        for route in routes():
            if route["request"].startswith("web."):
                continue
            for door in ("portal", "console"):
                if route["door"] in (door, "both"):
                    continue
                with self.subTest(door=door, request=route["request"]):
                    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                    link.settimeout(10)
                    link.connect(str(rig.root / "run" / f"{door}.sock"))
                    link.send(json.dumps({"do": "browser.hello", "id": 1, "address": VENDOR_ADDRESS,
                                          "origin": "https://portail.example", "language": "fr"}).encode())
                    self.assertTrue(json.loads(link.recv(65536))["ok"])
                    link.send(json.dumps({"do": route["request"], "id": 2, **body_of(route)}).encode())
                    self.assertEqual(link.recv(65536), b"")  # the connection ends, nothing is said

    def test_vendors_and_hospital_people_have_their_own_door(self):
        for door, login, source in (("portal", "c.leroy", VENDOR_ADDRESS), ("console", "n.belkacem", OTHER_ADDRESS)):
            status, text = rig.browser(door, source).login(login, PASSWORD, rig.recovery(login))
            self.assertEqual((status, code_of(text)), (403, "E-AUT-01"))

    def test_an_undeclared_address_is_closed_before_tls_and_the_dsi_sees_it(self):
        with self.assertRaises((ssl.SSLError, ConnectionError, OSError)):
            rig.raw("portal", OTHER_ADDRESS)
        wait_until(lambda: any(row["address"] == OTHER_ADDRESS and row["door"] == "portal" and row["code"] == "E-IP-01"
                               for row in rig.act("c.leroy", "refusal", "list")["rows"]), 15)

    def test_an_undeclared_address_may_read_why_where_the_hospital_wants_it(self):
        settings = rig.root / "etc/ecluse.toml.d/web.toml"
        usual = settings.read_text()

        def again(text):
            settings.write_text(text)
            rig.end("policyd")
            rig.start_policyd()
            port = rig.ports["portal"]
            rig.end("web-portal")
            rig.start_web("portal", port)

        again(usual + 'from = "any"\n')
        try:
            stranger = rig.browser("portal", OTHER_ADDRESS)
            self.assertEqual(stranger.ask("GET", "/")[0], 200)
            status, text = stranger.login("n.belkacem", PASSWORD, rig.recovery("n.belkacem"))
            self.assertEqual((status, code_of(text)), (403, "E-IP-01"))
            self.assertIn("Imagelec", json.loads(text)["detail"])
            self.assertIsNone(stranger.cookie)
            reference = json.loads(text)["reference"]
            self.assertEqual(rig.act("c.leroy", "refusal", "show", reference)["address"], OTHER_ADDRESS)
            # Without both factors nobody learns anything about addresses.
            self.assertEqual(code_of(stranger.login("n.belkacem", "faux", "000000")[1]), "E-AUT-01")
        finally:
            again(usual)

    def test_a_proxy_is_believed_only_when_it_is_listed(self):
        settings = rig.root / "etc/ecluse.toml.d/web.toml"
        usual = settings.read_text()

        def again(text):
            settings.write_text(text)
            rig.end("policyd")
            rig.start_policyd()
            for door in ("portal", "console"):
                port = rig.ports[door]
                rig.end(f"web-{door}")
                rig.start_web(door, port)

        liar = rig.logged_in("console", "d.roux")
        address = json.loads(liar.ask("GET", "/api/v1/me", headers={"X-Forwarded-For": "10.9.9.9"})[1])["address"]
        self.assertEqual(address, "127.0.0.1")
        again(usual + 'proxies = ["127.0.0.5"]\n')
        try:
            through = rig.browser("portal", "127.0.0.5")
            said = {"X-Forwarded-For": f"198.51.100.7, {VENDOR_ADDRESS}"}
            status, text = through.ask("POST", "/api/v1/login", {
                "login": "n.belkacem", "password": PASSWORD, "code": rig.recovery("n.belkacem"),
                **self.proof_through(through, said)}, said)
            self.assertEqual((status, json.loads(text)["address"]), (200, VENDOR_ADDRESS))
            for forwarded in (f"{OTHER_ADDRESS}", "garbage", f"{VENDOR_ADDRESS}, {OTHER_ADDRESS}"):
                with self.subTest(forwarded=forwarded):
                    with self.assertRaises((ConnectionError, OSError, http.client.HTTPException)):
                        rig.browser("portal", "127.0.0.5").ask("GET", "/", headers={"X-Forwarded-For": forwarded})
        finally:
            again(usual)

    def proof_through(self, browser, headers):
        made = json.loads(browser.ask("GET", "/api/v1/challenge?for=login", headers=headers)[1])
        return {"challenge": made["challenge"], "solution": solve(made["challenge"], made["bits"])}

    def test_old_tls_is_refused(self):
        for version, good in (("tls1_1", False), ("tls1_2", True), ("tls1_3", True)):
            ran = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{rig.ports['console']}", f"-{version}",
                                  "-cipher", "DEFAULT:@SECLEVEL=0"], input=b"", capture_output=True, timeout=20)
            with self.subTest(version=version):
                self.assertEqual(b"Cipher is (NONE)" not in ran.stdout and ran.returncode == 0, good)

    def test_the_console_refuses_a_wildcard_address(self):
        started = subprocess.run([rigs.BIN / "ecluse-web", "--root", rig.root, "--door", "console", "--address",
                                  "0.0.0.0"], capture_output=True, timeout=60, text=True)
        self.assertEqual(started.returncode, 1)
        self.assertIn("wildcard or public", started.stderr)

    def test_a_new_certificate_is_served_at_once_and_a_chain_of_another_key_is_refused(self):
        def served():
            with rig.raw("console") as connection:
                return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True)).strip()

        rssi = rig.logged_in("console", "r.amrani")
        shown = told(rssi.ask("GET", "/api/v1/web_certificates/console"))
        before = served()
        self.assertEqual(shown["certificate"].strip()[:len(before)], before)  # the door's, then its authority's
        made = told(rssi.ask("POST", "/api/v1/web_certificates/console/renew",
                             {"password": PASSWORD, "code": rig.recovery("r.amrani")}))
        wait_until(lambda: served() != before, 10)
        fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(served())).hexdigest().upper()
        self.assertEqual(made["fingerprint"].replace(":", ""), fingerprint)
        self.assertEqual(told(rssi.ask("GET", "/api/v1/me"))["login"], "r.amrani")  # the session goes on
        status, text = rssi.ask("POST", "/api/v1/web_certificates/console/import", {
            "certificate": before, "password": PASSWORD, "code": rig.recovery("r.amrani")})
        self.assertEqual(code_of(text), "E-SAI-01")
        asked = told(rssi.ask("POST", "/api/v1/web_certificates/portal/request", {}))
        checked = subprocess.run(["openssl", "req", "-verify", "-noout"], input=asked["request"], text=True,
                                 capture_output=True)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertEqual(rssi.ask("GET", "/api/v1/web_certificates/other")[0], 400)

    def test_a_certificate_of_the_hospitals_own_authority_is_what_browsers_see(self):
        # clause: CHM:7.1
        for door in ("portal", "console"):
            with self.subTest(door=door):
                authority, name = rig.certify(door)
                strict = ssl.create_default_context(cafile=authority)
                source = (VENDOR_ADDRESS if door == "portal" else "127.0.0.1", 0)

                def accepted():
                    plain = socket.create_connection(("127.0.0.1", rig.ports[door]), 30, source)
                    try:
                        with strict.wrap_socket(plain, server_hostname=name) as connection:
                            return connection.version() == "TLSv1.3"
                    except ssl.SSLCertVerificationError:
                        return False

                wait_until(accepted, 10)

    def test_the_description_names_every_route(self):
        _, text = rig.browser("portal").ask("GET", "/api/v1/openapi.json")
        described = json.loads(text)
        self.assertEqual(described["openapi"], "3.1.0")
        known = {(path, method.upper()) for path, verbs in described["paths"].items() for method in verbs}
        self.assertEqual(known, {(route["path"], route["method"]) for route in routes()})


class Sessions(unittest.TestCase):
    def test_a_login_is_told_about_the_last_one_and_the_failures_since(self):
        first = rig.logged_in("console", "c.leroy")
        first.ask("POST", "/api/v1/logout", {})
        status, text = rig.browser("console").login("c.leroy", "faux", "000000")
        self.assertEqual((status, code_of(text)), (403, "E-AUT-01"))
        time.sleep(2.1)  # what one failure costs
        browser = rig.browser("console")
        status, text = browser.login("c.leroy", PASSWORD, rig.recovery("c.leroy"))
        self.assertEqual(status, 200, text)
        said = json.loads(text)
        self.assertEqual((said["last_login"]["door"], said["last_login"]["from"]), ("console", "127.0.0.1"))
        self.assertEqual(said["failures"], 1)
        self.assertEqual(json.loads(browser.ask("GET", "/api/v1/me")[1])["failures"], 1)

    def test_the_cookie_is_the_hosts_and_no_scripts(self):
        browser = rig.logged_in("console", "c.leroy")
        cookie = browser.headers["Set-Cookie"]
        for part in ("__Host-ecluse=", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"):
            self.assertIn(part, cookie)
        self.assertNotIn("Domain", cookie)
        self.assertNotIn(browser.cookie, browser.ask("GET", "/api/v1/me")[1].decode())
        rig.end("policyd")
        with sqlite3.connect(rig.root / "state/ecluse.db") as database:
            hashes = [row[0] for row in database.execute("SELECT token_sha256 FROM operator_session")]
        rig.start_policyd()
        self.assertIn(hashlib.sha256(browser.cookie.encode()).hexdigest(), hashes)
        self.assertNotIn(browser.cookie, hashes)

    def test_a_cookie_that_somebody_brings_is_never_adopted(self):
        browser = rig.browser("console")
        browser.cookie = "ab" * 32
        status, _ = browser.login("c.leroy", PASSWORD, rig.recovery("c.leroy"))
        self.assertEqual(status, 200)
        self.assertNotEqual(browser.cookie, "ab" * 32)

    def test_logging_out_ends_the_session_and_clears_the_browser(self):
        browser = rig.logged_in("console", "c.leroy")
        held = browser.cookie
        status, _ = browser.ask("POST", "/api/v1/logout", {})
        self.assertEqual(status, 200)
        self.assertIn('"storage"', browser.headers["Clear-Site-Data"])
        self.assertIsNone(browser.cookie)
        status, text = browser.ask("GET", "/api/v1/me", headers={"Cookie": f"__Host-ecluse={held}"})
        self.assertEqual((status, code_of(text)), (401, "E-AUT-02"))

    def test_one_session_a_person_and_the_older_is_told_why(self):
        older = rig.logged_in("console", "c.leroy")
        rig.logged_in("console", "c.leroy")
        status, text = older.ask("GET", "/api/v1/me")
        self.assertEqual((status, code_of(text)), (401, "E-AUT-03"))
        self.assertIn("127.0.0.1", json.loads(text)["detail"])

    def test_a_cookie_is_of_no_use_elsewhere(self):
        browser = rig.logged_in("console", "c.leroy")
        thief = rig.browser("console", "127.0.0.9")
        status, text = thief.ask("GET", "/api/v1/me", headers={"Cookie": f"__Host-ecluse={browser.cookie}"})
        self.assertEqual((status, code_of(text)), (401, "E-AUT-02"))
        portal = rig.browser("portal")
        status, text = portal.ask("GET", "/api/v1/me", headers={"Cookie": f"__Host-ecluse={browser.cookie}"})
        self.assertEqual((status, code_of(text)), (401, "E-AUT-02"))

    def test_suspending_a_person_ends_the_session_at_once_also_of_a_page_that_listens(self):
        browser = rig.logged_in("portal", "x.autre", "127.0.0.4")
        page = WebSocket(rig, "portal", browser, "127.0.0.4")
        rig.act("c.leroy", "person", "suspend", "x.autre", "--reason", "départ")
        started = time.monotonic()
        said = json.loads(page.receive())
        self.assertEqual(said["end"]["code"], "E-AUT-06")
        self.assertLess(time.monotonic() - started, 2)
        status, text = browser.ask("GET", "/api/v1/windows")
        self.assertEqual((status, code_of(text)), (401, "E-AUT-06"))
        rig.act("c.leroy", "person", "reactivate", "x.autre", "--reason", "retour")

    def test_idleness_and_age_end_a_session_and_the_page_says_which(self):
        # clause: SEGUR:IE.58
        for change, code in (("last_used_at = last_used_at - 901", "E-AUT-04"), ("expires_at = 1", "E-AUT-05")):
            with self.subTest(code=code):
                browser = rig.logged_in("console", "d.roux")
                rig.end("policyd")
                with sqlite3.connect(rig.root / "state/ecluse.db") as database:
                    database.execute(f"UPDATE operator_session SET {change} WHERE token_sha256 = ?",
                                     (hashlib.sha256(browser.cookie.encode()).hexdigest(),))
                rig.start_policyd()
                status, text = browser.ask("GET", "/api/v1/windows")
                self.assertEqual((status, code_of(text)), (401, code))
                self.assertIsNone(browser.cookie)

    def test_policyd_again_and_the_session_goes_on(self):
        browser = rig.logged_in("console", "d.roux")
        page = WebSocket(rig, "console", browser)
        rig.end("policyd")
        # The page sees its end, and comes back; what changed just before may still arrive.
        while page.receive() is not None:
            pass
        status, text = browser.ask("GET", "/api/v1/windows")
        self.assertEqual((status, code_of(text)), (503, "E-WEB-09"))
        rig.start_policyd()
        status, _ = browser.ask("GET", "/api/v1/windows")
        self.assertEqual(status, 200)

    def test_the_web_server_again_and_the_session_goes_on(self):
        browser = rig.logged_in("console", "d.roux")
        port = rig.ports["console"]
        rig.end("web-console")
        rig.start_web("console", port)
        again = rig.browser("console")
        again.cookie, again.csrf = browser.cookie, browser.csrf
        self.assertEqual(again.ask("GET", "/api/v1/windows")[0], 200)


class Requests(unittest.TestCase):
    def test_a_rollback_is_acknowledged_at_the_console_by_the_rssi_who_signs(self):
        def acknowledge(login):
            return rig.logged_in("console", login).ask("POST", "/api/v1/journal/acknowledge", {
                "reason": "sauvegarde restaurée", "password": PASSWORD, "code": rig.recovery(login)})

        status, text = acknowledge("c.leroy")
        self.assertEqual((status, code_of(text)), (403, "E-DRT-01"))
        # Signed, and judged: here nothing was rolled back (tests/scenario/full_rollback.cpp has one that was).
        status, text = acknowledge("r.amrani")
        self.assertEqual((status, code_of(text)), (409, "E-ETA-01"))

    def test_an_act_needs_our_own_page(self):
        browser = rig.logged_in("console", "c.leroy")
        good = {"Origin": browser.origin, "X-Ecluse-Token": browser.csrf}
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"X-Ecluse-Token": "0" * 64},
                        {"X-Ecluse-Token": ""}, {"Origin": ""}, {"Origin": browser.origin.replace("https", "http")}):
            with self.subTest(headers=headers):
                status, text = browser.ask("POST", "/api/v1/charter", {"title": "T", "body": "b"}, {**good, **headers})
                self.assertEqual((status, code_of(text)), (403, "E-WEB-06"))
        status, text = browser.ask("POST", "/api/v1/charter/accept", {"charter": 999},
                                   {**good, "Origin": "null", "Sec-Fetch-Site": "same-origin"})
        self.assertEqual(code_of(text), "E-INC-01")

    def test_a_login_and_an_activation_need_the_proof_of_work_once_for_themselves(self):
        # clause: CHM:5.9
        browser = rig.browser("console")
        body = {"login": "c.leroy", "password": "x", "code": "000000"}

        def refused(proof):
            status, text = browser.ask("POST", "/api/v1/login", {**body, **proof})
            return (status, code_of(text)) == (403, "E-WEB-08")

        self.assertTrue(refused({"challenge": "", "solution": "1"}))
        proof = browser.proof("login")
        self.assertTrue(refused({**proof, "solution": "x"}))
        self.assertTrue(refused({**proof, "challenge": proof["challenge"].replace("~17~", "~1~")}))
        self.assertTrue(refused(browser.proof("enrol.begin")))
        other = rig.browser("console", "127.0.0.8")
        self.assertTrue(refused(other.proof("login")))
        other.login("personne", "faux", "000000")
        self.assertTrue(json.loads(other.ask("GET", "/api/v1/challenge?for=login")[1])["bits"] > 17)
        status, text = browser.ask("POST", "/api/v1/login", {**body, "login": "personne", **proof})
        self.assertEqual(code_of(text), "E-AUT-01")
        self.assertTrue(refused(proof))
        # An account is activated by a person too: an invitation is not judged before.
        browser = rig.browser("console", "127.0.0.9")
        for request, body in (("begin", {"invitation": "x", "password": PASSWORD}), ("confirm", {"invitation": "x", "code": "000000"})):
            proof = browser.proof(f"enrol.{request}")
            for wrong in ({"challenge": "", "solution": "1"}, browser.proof("login")):
                status, text = browser.ask("POST", f"/api/v1/enrolment/{request}", {**body, **wrong})
                self.assertEqual((status, code_of(text)), (403, "E-WEB-08"))
            status, text = browser.ask("POST", f"/api/v1/enrolment/{request}", {**body, **proof})
            self.assertEqual(code_of(text), "E-INV-01")
            status, text = browser.ask("POST", f"/api/v1/enrolment/{request}", {**body, **proof})
            self.assertEqual(code_of(text), "E-WEB-08")

    def test_a_security_key_belongs_to_a_name_and_answers_what_it_was_asked(self):
        browser = rig.logged_in("console", "c.leroy")
        status, text = browser.ask("POST", "/api/v1/passkeys/challenge", {})
        self.assertEqual((status // 100, code_of(text)), (4, "E-CLE-03"))
        # From an address of its own: a wrong factor slows its address down.
        browser = Browser(rig.url("console").replace("127.0.0.1", "localhost"), "127.0.0.9")
        self.assertEqual(browser.login("c.leroy", PASSWORD, rig.recovery("c.leroy"))[0], 200)
        _, text = browser.ask("POST", "/api/v1/passkeys/sign", {})
        asked = json.loads(text)
        self.assertEqual(asked["rp_id"], "localhost")
        words = {"type": "webauthn.create", "challenge": asked["challenge"], "origin": browser.origin}
        said = base64.b64encode(json.dumps(words).encode()).decode()
        for data in ("", "AAAA", said):
            with self.subTest(data=data):
                # Asked for a signature, not for a new key; and what comes is none.
                status, text = browser.ask("POST", "/api/v1/passkeys", {
                    "client_data": data, "authenticator_data": "AAAA", "public_key": "AAAA"})
                self.assertEqual((status // 100, code_of(text)), (4, "E-CLE-02"))
        # A use that nothing signed is a wrong code like any other.
        words["type"] = "webauthn.get"
        said = base64.b64encode(json.dumps(words).encode()).decode()
        use = "passkey." + base64.b64encode(json.dumps({
            "id": "AAAA", "client_data": said, "authenticator_data": "AAAA", "signature": "AAAA"}).encode()).decode()
        status, text = browser.ask("POST", "/api/v1/recovery", {"password": PASSWORD, "code": use})
        self.assertEqual((status, code_of(text)), (403, "E-AUT-01"))

    def test_what_is_not_understood_is_said_and_changes_nothing(self):
        browser = rig.logged_in("console", "c.leroy")
        for path, body, expected in (
                ("/api/v1/charter", '{"title":"T"}', (400, "E-REQ-01")),
                ("/api/v1/charter", '{"title":"T","body":"b","more":1}', (400, "E-REQ-01")),
                ("/api/v1/charter", '{"title":1,"body":"b"}', (400, "E-REQ-01")),
                ("/api/v1/charter", '{"title":"T","title":"U","body":"b"}', (400, "E-WEB-03")),
                ("/api/v1/charter", '[]', (400, "E-WEB-03")),
                ("/api/v1/charter", '', (400, "E-WEB-03")),
                ("/api/v1/charter", '{"title":"T","body":"b","token":"x"}', (400, "E-WEB-03")),
                ("/api/v1/charter", '{"title":"\\ud800","body":"b"}', (400, "E-WEB-03")),
                ("/api/v1/windows/W-1/refuse", '{"reason":"r","window":"W-2"}', (400, "E-WEB-03")),
        ):
            with self.subTest(body=body):
                status, text = browser.ask("POST", path, body)
                self.assertEqual((status, code_of(text)), expected)
        for path, expected in (("/api/v1/windows?x=1", 400), ("/api/v1/windows?state=%ZZ", 400),
                               ("/api/v1/windows?state=a&state=b", 400), ("/api/v1/sessions?live=oui", 400),
                               ("/api/v1/nothing", 404), ("/api/v1/windows/", 404), ("/api/v1/windows/%00", 404),
                               ("/api/v1/../me", 404), ("/api/v1//me", 404)):
            with self.subTest(path=path):
                self.assertEqual(browser.ask("GET", path)[0], expected)
        self.assertEqual(browser.ask("POST", "/api/v1/me", {})[0], 405)
        self.assertEqual(browser.headers["Allow"], "GET")
        self.assertEqual(browser.ask("POST", "/api/v1/charter", "x=1", {"Content-Type": "text/plain"})[0], 415)
        self.assertEqual(browser.ask("GET", "/api/v1/me")[0], 200)

    def test_a_hostile_text_comes_back_as_text(self):
        browser = rig.logged_in("console", "c.leroy")
        hostile = "<script>alert(1)</script>\u202e=cmd|' /C calc'!A0\x1b[31m"
        _, text = browser.ask("POST", "/api/v1/charter", {"title": hostile, "body": hostile})
        version = json.loads(text)["charter"]
        _, text = browser.ask("GET", f"/api/v1/charter?charter={version}")
        self.assertEqual(browser.headers["Content-Type"], "application/json")
        self.assertEqual(json.loads(text)["title"], hostile)

    def test_every_answer_carries_the_protections(self):
        browser = rig.browser("console")
        for method, path in (("GET", "/"), ("GET", "/nothing.js"), ("GET", "/api/v1/me"), ("GET", "/api/v1/nothing"),
                             ("POST", "/"), ("GET", "/api/v1/site")):
            with self.subTest(path=path):
                browser.ask(method, path, "{}" if method == "POST" else None)
                policy = browser.headers["Content-Security-Policy"]
                self.assertTrue(policy.startswith("default-src 'none'; script-src 'self'"))
                self.assertIn("frame-ancestors 'none'", policy)
                self.assertIn("require-trusted-types-for 'script'; trusted-types ecluse", policy)
                self.assertEqual(browser.headers["X-Content-Type-Options"], "nosniff")
                self.assertEqual(browser.headers["Referrer-Policy"], "no-referrer")
                self.assertIn("max-age=", browser.headers["Strict-Transport-Security"])
                self.assertEqual(browser.headers["Cross-Origin-Opener-Policy"], "same-origin")
                self.assertIsNone(browser.headers["Server"])

    def test_pages_are_cached_by_their_names_and_nothing_else_is_served(self):
        browser = rig.browser("portal")
        status, text = browser.ask("GET", "/app-3F7Q2XKA.js", headers={"Accept-Encoding": "gzip, br;q=0"})
        self.assertEqual((status, text), (200, b"\x1f\x8bgz"))
        self.assertEqual(browser.headers["Content-Encoding"], "gzip")
        self.assertIn("immutable", browser.headers["Cache-Control"])
        status, text = browser.ask("GET", "/app-3F7Q2XKA.js", headers={"Accept-Encoding": "br"})
        self.assertEqual(text, b"brotli")
        status, text = browser.ask("GET", "/creneaux/W-1")
        self.assertIn(b"<title>portal", text)
        self.assertEqual(browser.headers["Cache-Control"], "no-cache")
        tag = browser.headers["ETag"]
        self.assertEqual(browser.ask("GET", "/", headers={"If-None-Match": tag})[0], 304)
        self.assertEqual(browser.ask("HEAD", "/")[1], b"")
        # A person's name has a dot; a file of ours lies at the top.
        status, text = browser.ask("GET", "/personnes/n.belkacem")
        self.assertEqual(status, 200)
        self.assertIn(b"<title>portal", text)
        for path in ("/../secret.txt", "/..%2fsecret.txt", "/secret.txt", "/%2e%2e/secret.txt", "/index.html.gz", "/x/../secret.txt",
                     "/x/..%2f..%2fsecret.txt", "/x/..", "/x/.htaccess", "/app-AAAAAAAA.js"):
            with self.subTest(path=path):
                self.assertEqual(browser.ask("GET", path)[0], 404)


class Hostile(unittest.TestCase):
    def exchange(self, data, door="console"):
        connection = rig.raw(door)
        connection.sendall(data)
        answer = read_answer(connection)
        connection.close()
        return answer

    def test_requests_that_a_proxy_could_read_otherwise_are_refused(self):
        host = b"Host: x\r\n"
        for name, head in {
            "two lengths": b"POST /api/v1/login HTTP/1.1\r\n" + host + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
            "length and chunks": b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "chunks": b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "odd coding": b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: xchunked\r\n\r\n",
            "negative": b"POST / HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n",
            "space before colon": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            "folded": b"GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n",
            "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
            "no host": b"GET / HTTP/1.1\r\n\r\n",
            "absolute": b"GET https://x/ HTTP/1.1\r\n" + host + b"\r\n",
            "old": b"GET / HTTP/1.0\r\n" + host + b"\r\n",
            "two cookies": b"GET /api/v1/me HTTP/1.1\r\n" + host + b"Cookie: a=1\r\nCookie: b=2\r\n\r\n",
            "expect": b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n",
            "garbage": b"\x00\x01\x02\r\n\r\n",
        }.items():
            with self.subTest(name=name):
                answer = self.exchange(head)
                self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer[:80])
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1)

    def test_what_is_too_large_is_refused_before_it_is_read(self):
        head = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n"
        self.assertIn(b" 431 ", self.exchange(head)[:40])
        head = b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n"
        self.assertIn(b" 413 ", self.exchange(head + b"a" * 70000)[:40])

    def test_a_slow_sender_is_told_and_cut_off(self):
        connection = rig.raw("console")
        started = time.monotonic()
        connection.sendall(b"GET / HTTP/1.1\r\n")
        connection.settimeout(1)
        answer = b""
        while time.monotonic() - started < 20 and b"HTTP/1.1" not in answer:
            try:
                connection.sendall(b"X")
                answer += connection.recv(4096)
            except TimeoutError:
                continue
        self.assertIn(b" 408 ", answer[:40])
        self.assertLess(time.monotonic() - started, 15)

    def test_requests_in_a_row_are_answered_in_a_row(self):
        one = b"GET /api/v1/site HTTP/1.1\r\nHost: x\r\n\r\n"
        last = b"GET /api/v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = self.exchange(one * 5 + last)
        self.assertEqual(re.findall(rb"HTTP/1.1 (\d+)", answer), [b"200"] * 5 + [b"404"])

    def test_one_address_cannot_take_every_place(self):
        held = [rig.raw("portal") for _ in range(40)]
        with self.assertRaises((ssl.SSLError, ConnectionError, OSError)):
            rig.raw("portal")
        for connection in held:
            connection.close()
        wait_until(lambda: rig.browser("portal").ask("GET", "/api/v1/site")[0] == 200, 10)

    def test_a_reader_who_does_not_read_holds_nobody_up(self):
        slow = rig.raw("console")
        slow.sendall(b"GET /app-3F7Q2XKA.js HTTP/1.1\r\nHost: x\r\n\r\n" * 500)
        started = time.monotonic()
        self.assertEqual(rig.browser("console").ask("GET", "/api/v1/site")[0], 200)
        self.assertLess(time.monotonic() - started, 2)
        slow.close()

    def test_a_door_that_is_stopped_under_open_pages_stops_and_does_not_fall(self):
        for door, login in (("console", "d.roux"), ("portal", "n.belkacem")):
            with self.subTest(door=door):
                browser = rig.logged_in(door, login)
                page = WebSocket(rig, door, browser)
                self.assertEqual(page.status, 101)
                in_a_request = rig.raw(door)
                in_a_request.sendall(b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
                without_tls = socket.create_connection(("127.0.0.1", rig.ports[door]), 10)
                rig.end(f"web-{door}")
                for one in (page.connection, in_a_request, without_tls):
                    one.close()
                rig.start_web(door, rig.ports[door])

    def test_nothing_is_served_without_tls(self):
        plain = socket.create_connection(("127.0.0.1", rig.ports["console"]), 10)
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertNotIn(b"HTTP", read_answer(plain))


def instant(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def told(answer):
    status, text = answer
    assert status == 200, (status, text)
    return json.loads(text)


class Asking(unittest.TestCase):
    """People ask each other: a window, a precision, more time, a report."""

    def ask_window(self, browser, opens, closes):
        return told(browser.ask("POST", "/api/v1/windows", {
            "asset": ["scanner-1"], "function": ["shell"], "opens": opens, "closes": closes, "nature": "corrective",
            "reason": "essai", "procedure": "P-1"}))["window"]

    def test_a_question_before_the_decision_is_asked_once_and_answered_once(self):
        technician, dsi = rig.logged_in("portal", "n.belkacem"), rig.logged_in("console", "c.leroy")
        window = self.ask_window(technician, instant(86400), instant(90000))
        question = told(dsi.ask("POST", f"/api/v1/windows/{window}/question", {"question": "Quel pilote ?"}))["question"]
        shown = told(technician.ask("GET", f"/api/v1/windows/{window}"))["questions"]
        self.assertEqual([row["question"] for row in shown], ["Quel pilote ?"])
        other = rig.logged_in("portal", "x.autre", "127.0.0.4")
        path = f"/api/v1/questions/{question}/answer"
        self.assertEqual(code_of(other.ask("POST", path, {"answer": "x"})[1]), "E-INC-01")
        self.assertEqual(code_of(technician.ask("POST", path, {"answer": " "})[1]), "E-SAI-01")
        told(technician.ask("POST", path, {"answer": "Le 2.4"}))
        self.assertEqual(code_of(technician.ask("POST", path, {"answer": "encore"})[1]), "E-DEJ-01")
        self.assertEqual(told(dsi.ask("GET", f"/api/v1/windows/{window}"))["questions"][0]["answer"], "Le 2.4")
        told(dsi.ask("POST", f"/api/v1/windows/{window}/refuse", {"reason": "plus tard"}))
        status, text = dsi.ask("POST", f"/api/v1/windows/{window}/question", {"question": "Encore ?"})
        self.assertEqual(code_of(text), "E-ETA-01")

    def test_more_time_is_asked_by_who_works_and_answered_in_one_act(self):
        technician, dsi = rig.logged_in("portal", "n.belkacem"), rig.logged_in("console", "c.leroy")
        window = self.ask_window(technician, instant(3), instant(3600))
        body = {"window": window, "closes": instant(5400), "reason": "disque à reconstruire"}
        self.assertEqual(code_of(technician.ask("POST", "/api/v1/extensions", body)[1]), "E-ETA-01")
        told(dsi.ask("POST", f"/api/v1/windows/{window}/approve", {}))
        wait_until(lambda: told(dsi.ask("GET", f"/api/v1/windows/{window}"))["state"] == "open", 20)
        other = rig.logged_in("portal", "x.autre", "127.0.0.4")
        self.assertEqual(code_of(other.ask("POST", "/api/v1/extensions", body)[1]), "E-INC-01")
        for wrong in ({"closes": instant(1800)}, {"closes": instant(86400)}, {"closes": "demain"}, {"reason": " "}):
            with self.subTest(wrong=wrong):
                self.assertEqual(code_of(technician.ask("POST", "/api/v1/extensions", {**body, **wrong})[1]), "E-SAI-01")
        asked = told(technician.ask("POST", "/api/v1/extensions", body))["extension"]
        self.assertEqual(code_of(technician.ask("POST", "/api/v1/extensions", body)[1]), "E-DEJ-01")
        self.assertEqual(told(other.ask("GET", "/api/v1/extensions"))["rows"], [])
        rows = told(dsi.ask("GET", f"/api/v1/extensions?window={window}&state=asked"))["rows"]
        self.assertEqual([(row["extension"], row["asked_by"]) for row in rows], [(asked, "n.belkacem")])

        # Two people of the DSI at the same time: one decides, the other is told.
        second = rig.logged_in("console", "d.roux", "127.0.0.7")
        answers = []
        threads = [threading.Thread(target=lambda who=who: answers.append(
            who.ask("POST", f"/api/v1/extensions/{asked}/accept", {}))) for who in (dsi, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(status for status, _ in answers), [200, 409])
        self.assertEqual(told(technician.ask("GET", f"/api/v1/windows/{window}"))["closes"], body["closes"])

        again = told(technician.ask("POST", "/api/v1/extensions", {**body, "closes": instant(7200)}))["extension"]
        self.assertEqual(code_of(dsi.ask("POST", f"/api/v1/extensions/{again}/refuse", {"reason": " "})[1]), "E-SAI-01")
        told(dsi.ask("POST", f"/api/v1/extensions/{again}/refuse", {"reason": "bloc opératoire"}))
        self.assertEqual(code_of(dsi.ask("POST", f"/api/v1/extensions/{again}/accept", {})[1]), "E-ETA-01")
        rows = told(technician.ask("GET", f"/api/v1/extensions?window={window}"))["rows"]
        row = next(row for row in rows if row["extension"] == again)
        self.assertEqual((row["state"], row["decision_reason"]), ("refused", "bloc opératoire"))
        told(dsi.ask("POST", f"/api/v1/windows/{window}/close", {"reason": "fin"}))

    def test_what_is_written_of_a_report_survives_the_session(self):
        technician = rig.logged_in("portal", "n.belkacem")
        window = self.ask_window(technician, instant(86400), instant(90000))
        rig.end("policyd")
        with sqlite3.connect(rig.root / "state/ecluse.db") as database:  # what only a session would bring
            database.execute("INSERT INTO report (id, access_window, state, due_at, created_at) VALUES (?, ?, 'due', ?, 1)",
                             ("C-essai", window, int(time.time()) + 86400))
        rig.start_policyd()
        path = "/api/v1/reports/C-essai/draft"
        empty = told(technician.ask("GET", path))
        self.assertTrue(empty["writable"])
        self.assertNotIn("draft", empty)
        self.assertEqual(empty["facts"]["report"], "C-essai")
        form = {"symptom": "<b>é\u202e</b>", "outcome": "resolved"}
        told(technician.ask("POST", path, {"form": form}))
        told(technician.ask("POST", path, {"form": {**form, "tests": "bons"}}))
        technician.ask("POST", "/api/v1/logout", {})
        again = rig.logged_in("portal", "n.belkacem")
        self.assertEqual(told(again.ask("GET", path))["draft"], {**form, "tests": "bons"})
        other = rig.logged_in("portal", "x.autre", "127.0.0.4")
        self.assertEqual(code_of(other.ask("GET", path)[1]), "E-RAP-00")
        self.assertEqual(code_of(other.ask("POST", path, {"form": {}})[1]), "E-RAP-00")
        self.assertEqual(code_of(again.ask("POST", path, {"form": []})[1]), "E-REQ-01")
        self.assertEqual(code_of(again.ask("POST", path, {"form": {"a": "x" * 57400}})[1]), "E-SAI-01")
        # An incomplete form is refused with everything that is missing, and stays a draft.
        status, text = again.ask("POST", "/api/v1/reports/C-essai/submit", {
            "report": "C-essai", "form": json.dumps(form), "format": "json", "password": PASSWORD,
            "code": rig.recovery("n.belkacem")})
        self.assertEqual(status, 400)  # a field of the path in the body
        status, text = again.ask("POST", "/api/v1/reports/C-essai/submit", {
            "form": json.dumps(form), "format": "json", "password": PASSWORD, "code": rig.recovery("n.belkacem")})
        self.assertEqual(code_of(text), "E-RAP-10", text)
        self.assertEqual(told(again.ask("GET", path))["draft"]["outcome"], "resolved")

    def test_a_desktops_ticket_comes_as_a_file_for_the_browser_to_save(self):
        technician, dsi = rig.logged_in("portal", "n.belkacem"), rig.logged_in("console", "c.leroy")
        charter = told(dsi.ask("POST", "/api/v1/charter", {"title": "Charte", "body": f"texte {time.time()}"}))["charter"]
        told(technician.ask("POST", "/api/v1/charter/accept", {"charter": charter}))
        told(dsi.ask("POST", "/api/v1/assets", {"name": "poste-1", "description": "Poste", "host": "127.0.0.1",
                                                "protocol": "rdp"}))
        told(dsi.ask("POST", "/api/v1/assets/poste-1/accounts", {"account": "CH\\desk1", "secret": "Un-secret-7-long"}))
        told(dsi.ask("POST", "/api/v1/vendors/Imagelec/asset_add", {"asset": "poste-1"}))
        window = told(technician.ask("POST", "/api/v1/windows", {
            "asset": ["poste-1"], "function": ["desktop"], "opens": instant(3), "closes": instant(3600),
            "nature": "corrective", "reason": "essai", "procedure": "P-1"}))["window"]
        told(dsi.ask("POST", f"/api/v1/windows/{window}/approve", {}))
        wait_until(lambda: told(dsi.ask("GET", f"/api/v1/windows/{window}"))["state"] == "open", 20)
        body = {"window": window, "from": VENDOR_ADDRESS}
        status, text = technician.ask("POST", "/api/v1/tickets", body)  # not signed
        self.assertEqual((status, code_of(text)), (403, "E-AUT-01"))
        time.sleep(2.1)
        made = told(technician.ask("POST", "/api/v1/tickets", {
            **body, "password": PASSWORD, "code": rig.recovery("n.belkacem")}))
        self.assertIn(f"username:s:{made['ticket']}\r\n", made["file"])
        status, text = technician.ask("POST", "/api/v1/tickets", {
            **body, "from": OTHER_ADDRESS, "password": PASSWORD, "code": rig.recovery("n.belkacem")})
        self.assertEqual(code_of(text), "E-IP-01")
        told(dsi.ask("POST", f"/api/v1/windows/{window}/close", {"reason": "fin"}))
        # An account's name has a backslash: in a path it is escaped, and means the same.
        told(dsi.ask("POST", "/api/v1/assets/poste-1/accounts/CH%5Cdesk1/remove", {"reason": "fin"}))

    def test_how_to_connect_is_said_with_the_fingerprints_to_compare(self):
        port = str(rig.start_listener())
        shown = told(rig.logged_in("portal", "n.belkacem").ask("GET", "/api/v1/gateway"))
        self.assertEqual((shown["ssh"]["host"], shown["ssh"]["port"]), ("127.0.0.1", int(port)))
        keys = subprocess.run(["ssh-keyscan", "-p", port, "127.0.0.1"], capture_output=True, text=True)
        self.assertEqual(keys.stdout, "")  # this address is not declared
        self.assertEqual({key["type"] for key in shown["ssh"]["host_keys"]}, {"ssh-ed25519", "ssh-rsa"})
        for key in shown["ssh"]["host_keys"]:
            self.assertRegex(key["fingerprint"], r"^SHA256:[A-Za-z0-9+/]{43}$")
        self.assertNotIn("rdp", shown)
        rig.end("listen")


WATCH = "/api/v1/sessions/S-AAAAAAAAAAAAAAAA/watch"


class Live(unittest.TestCase):
    def test_a_page_hears_of_changes_of_its_own_company_only(self):
        browser = rig.logged_in("portal", "n.belkacem")
        own = WebSocket(rig, "portal", browser)
        self.assertEqual(own.status, 101)
        other = WebSocket(rig, "portal", rig.logged_in("portal", "x.autre", "127.0.0.4"), "127.0.0.4")
        staff = WebSocket(rig, "console", rig.logged_in("console", "c.leroy"))
        time.sleep(0.5)  # what the logins themselves changed has been told
        browser.ask("POST", "/api/v1/windows", {
            "asset": ["scanner-1"], "function": ["shell"], "opens": "2089-01-05T08:00:00Z",
            "closes": "2089-01-05T10:00:00Z", "nature": "corrective", "reason": "essai", "procedure": "P-1"})
        self.assertIn("window", json.loads(own.receive())["changed"])
        while "window" not in json.loads(staff.receive())["changed"]:
            pass
        other.connection.settimeout(1)
        with self.assertRaises(TimeoutError):
            other.receive()

    def test_another_site_cannot_listen_with_our_cookie(self):
        browser = rig.logged_in("console", "c.leroy")
        self.assertEqual(WebSocket(rig, "console", browser, origin="https://evil.example").status, 403)
        browser.cookie = "cd" * 32
        self.assertEqual(WebSocket(rig, "console", browser).status, 401)

    def test_a_live_session_is_watched_at_the_console_only_by_its_own_page(self):
        browser = rig.logged_in("console", "c.leroy")
        self.assertEqual(WebSocket(rig, "console", browser, path=WATCH).status, 404)
        self.assertEqual(WebSocket(rig, "console", browser, origin="https://evil.example", path=WATCH).status, 403)
        browser.cookie = "cd" * 32
        self.assertEqual(WebSocket(rig, "console", browser, path=WATCH).status, 401)
        technician = rig.logged_in("portal", "n.belkacem")
        answered = WebSocket(rig, "portal", technician, path=WATCH)
        self.assertEqual(answered.status, 404)
        self.assertNotIn(b"E-DRT-01", answered.head + answered.data)

    def test_a_page_that_talks_is_cut_off(self):
        page = WebSocket(rig, "console", rig.logged_in("console", "c.leroy"))
        page.send(b"hello")
        self.assertIsNone(page.receive())


if __name__ == "__main__":
    unittest.main(verbosity=2)

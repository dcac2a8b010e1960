"""A technician works in a terminal in the browser (docs/decisions/0026): the real portal and a WebSocket, the real
door and worker, a real sshd. Everything that may go wrong ends that session alone, with a reason, journaled and sealed."""
import getpass
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import time
import unittest

import rig as rigs
from rig import PASSWORD, VENDOR_ADDRESS, WebSocket, wait_until

ACCOUNT = getpass.getuser()
rig = None


def setUpModule():
    global rig
    rig = rigs.Rig('[portal]\nper_source_max = 40\n')
    rig.start_listener()
    rig.person("c.leroy", "l.moreau", "technician", "Imagelec")
    start_target()


def start_target():
    folder = rig.root / "target"
    folder.mkdir(mode=0o700)
    port = rigs.free_port()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "host_key"], check=True)
    dsi = lambda *words: rig.act("c.leroy", *words)
    fingerprint = subprocess.run(["ssh-keygen", "-lf", folder / "host_key.pub"], capture_output=True, text=True).stdout
    dsi("asset", "create", "serveur-1", "--description", "Serveur", "--host", "127.0.0.1", "--port", port,
        "--sessions", 4)
    dsi("asset", "pin", "serveur-1", "--key", folder / "host_key.pub", "--fingerprint", fingerprint.split()[1])
    dsi("vendor", "asset-add", "Imagelec", "serveur-1")
    key = dsi("account", "add", "serveur-1", ACCOUNT, "--method", "key")["key"]
    (folder / "authorized_keys").write_text(key + "\n")
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized_keys\n"
        "PidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
        f"UseDNS no\nPrintMotd no\nPrintLastLog no\nLogLevel ERROR\nSetEnv HOME={folder}\n")
    if os.geteuid() == 0:
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    with open(rig.root / "target.log", "wb") as log:
        rig.daemons["target"] = subprocess.Popen(
            [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", folder / "sshd_config"],
            stdin=subprocess.DEVNULL, stderr=log, start_new_session=True)
    wait_until(lambda: rigs.answers(port))
    charter = rig.root / "charte.txt"
    charter.write_text("Je respecte les consignes.\n")
    published = dsi("charter", "publish", charter, "--title", "Charte")["charter"]
    rig.act("n.belkacem", "charter", "accept", str(published))


def told(answer):
    status, text = answer
    assert status == 200, (status, text)
    return json.loads(text)


def code_of(text):
    return json.loads(text).get("code")


def instant(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


class Terminal:
    """What the page does with its WebSocket."""

    def __init__(self, browser, ticket, source=None):
        self.socket = WebSocket(rig, "portal", browser, source, path=f"/api/v1/terminals/{ticket}")
        self.screen, self.notices, self.end, self.unshown = "", [], None, 0
        self.socket.connection.settimeout(60)

    def size(self, columns, rows):
        self.socket.send(b"r" + struct.pack(">HH", columns, rows), WebSocket.BINARY)
        return self

    def type(self, text):
        self.socket.send(b"i" + text.encode(), WebSocket.BINARY)

    def read(self):
        """One frame; False when there will be no more."""
        frame = self.socket.receive(WebSocket.BINARY)
        if frame is None:
            return False
        kind, payload = frame[:1], frame[1:]
        if kind == b"o":
            self.screen += payload.decode(errors="replace")
            self.socket.send(b"s" + struct.pack(">I", len(payload)), WebSocket.BINARY)
        elif kind == b"n":
            self.notices.append(json.loads(payload))
        elif kind == b"e":
            self.end = json.loads(payload)["reason"]
        return True

    def wait_for(self, what):
        """Until the screen, or a notice's `say`, shows it."""
        while what not in self.screen and not self.said(what):
            assert self.read(), (what, self.screen, self.notices, self.end)
        return self

    def said(self, what):
        return next((notice for notice in self.notices if notice["say"] == what), None)

    def drain(self):
        while self.read():
            pass
        return self


class Terminals(unittest.TestCase):
    def setUp(self):
        self.technician = rig.logged_in("portal", "n.belkacem")
        self.window = self.open_window()

    def tearDown(self):
        rig.run("--as", "c.leroy", "window", "close", self.window, "--reason", "fin")

    def open_window(self, seconds=3600, functions=("shell",), manual=False):
        made = told(self.technician.ask("POST", "/api/v1/windows", {
            "asset": ["serveur-1"], "function": list(functions), "opens": instant(2), "closes": instant(seconds),
            "nature": "corrective", "reason": "essai", "procedure": "P-1"}))["window"]
        rig.act("c.leroy", "window", "approve", made, *(("--open-mode", "manual") if manual else ()))
        if not manual:
            wait_until(lambda: told(self.technician.ask("GET", f"/api/v1/windows/{made}"))["state"] == "open", 20)
        return made

    def ticket(self, browser=None, **changes):
        body = {"window": self.window, "asset": "serveur-1", "account": ACCOUNT, "password": PASSWORD,
                "code": rig.recovery("n.belkacem"), **changes}
        return (browser or self.technician).ask("POST", "/api/v1/terminals", body)

    def open(self, columns=100, rows=30):
        return Terminal(self.technician, told(self.ticket())["ticket"]).size(columns, rows)

    def running(self):
        terminal = self.open().wait_for("session")
        terminal.type("echo pr''et\n")
        return terminal.wait_for("pret")

    def session_row(self, session):
        return told(self.technician.ask("GET", f"/api/v1/sessions/{session}"))

    def ended(self, terminal, reason):
        """The session's own end: journaled, sealed, verified."""
        session = terminal.said("session")["session"]
        row = wait_until(lambda: (lambda one: one if one.get("end_reason") else None)(self.session_row(session)))
        self.assertEqual(row["end_reason"], reason)
        wait_until(lambda: self.session_row(session)["recording"] in ("sealed", "interrupted"))
        return session

    def test_a_person_types_reads_and_resizes(self):
        terminal = self.running()
        notice = terminal.said("session")
        self.assertEqual((notice["window"], notice["asset"], notice["account"]), (self.window, "serveur-1", ACCOUNT))
        terminal.type("stty size\n")
        terminal.wait_for("30 100")
        terminal.size(132, 43)
        terminal.type("stty size\n")
        terminal.wait_for("43 132")
        terminal.type("exit\n")
        terminal.drain()
        self.assertEqual(terminal.end, "ended")
        self.ended(terminal, "client_left")

    def test_it_is_recorded_as_every_session_is_and_says_what_it_was_used_with(self):
        terminal = self.running()
        terminal.socket.connection.close()
        session = self.ended(terminal, "client_left")
        rig.act("r.amrani", "recording", "verify", session)  # fails unless everything holds
        started = self.journal("session.started", session)
        self.assertEqual((started["client"], started["source"]), ("browser", VENDOR_ADDRESS))
        self.assertRegex(started["factors"], r"^password\+recovery\+ticket$")

    def journal(self, kind, about):
        """The event of this kind about this object."""
        row = rig.act("r.amrani", "journal", "show", "--type", kind, "--object", about)["rows"][-1]
        return {**row, **row.get("event", {})}

    def test_the_hospital_cuts_it_and_the_page_reads_who_and_why(self):
        terminal = self.running()
        session = terminal.said("session")["session"]
        rig.act("c.leroy", "session", "cut", session, "--reason", "doute")
        terminal.drain()
        self.assertEqual(terminal.said("end")["code"], "E-SES-03")
        self.assertIn("doute", terminal.said("end")["text"])
        self.assertIn("doute", terminal.screen)
        self.ended(terminal, "cut")

    def test_its_person_ends_it_at_the_portal_and_nobody_elses(self):
        # clause: SEGUR:IE.38
        terminal = self.running()
        session = terminal.said("session")["session"]
        leave = lambda browser: browser.ask("POST", f"/api/v1/sessions/{session}/leave", {})  # noqa: E731
        mine = told(self.technician.ask("GET", f"/api/v1/sessions?window={self.window}&person=n.belkacem&live=true"))
        self.assertEqual([row["session"] for row in mine["rows"]], [session])
        unknown = self.technician.ask("POST", "/api/v1/sessions/S-AAAAAAAAAAAAAAAA/leave", {})
        for browser in (rig.logged_in("portal", "l.moreau"), rig.logged_in("portal", "x.autre", "127.0.0.4")):
            status, text = leave(browser)
            self.assertEqual((status, code_of(text)), (unknown[0], code_of(unknown[1])))
        self.assertEqual(code_of(leave(rig.logged_in("portal", "o.haddad"))[1]), "E-DRT-01")
        self.assertEqual(leave(rig.logged_in("console", "c.leroy"))[0], 404)
        self.assertEqual(told(leave(self.technician))["sessions_ended"], 1)
        terminal.drain()
        self.assertEqual(terminal.said("end")["reason"], "left")
        self.assertIn("à votre demande", terminal.said("end")["text"])
        self.assertIn("à votre demande", terminal.screen)
        self.ended(terminal, "left")
        self.assertEqual(self.journal("session.left", session)["source"], VENDOR_ADDRESS)

    def test_it_ends_with_its_window_and_nothing_opens_afterwards(self):
        rig.act("c.leroy", "window", "close", self.window, "--reason", "fin")
        self.window = self.open_window(seconds=25)
        terminal = self.running()
        terminal.drain()
        self.assertEqual(terminal.said("end")["code"], "E-FEN-03")
        self.ended(terminal, "window_end")
        status, text = self.ticket()
        self.assertEqual((status, code_of(text)), (422, "E-FEN-03"), text)

    def test_a_window_that_somebody_opens_by_hand_is_waited_for(self):
        rig.act("c.leroy", "window", "close", self.window, "--reason", "fin")
        self.window = self.open_window(manual=True)
        wait_until(lambda: self.open_code() == "E-FEN-04")
        terminal = Terminal(self.technician, told(self.ticket())["ticket"]).size(80, 24).wait_for("refused")
        self.assertTrue(terminal.said("refused")["wait"])
        rig.act("c.leroy", "window", "open", self.window)
        terminal.wait_for("session").socket.connection.close()
        self.ended(terminal, "client_left")

    def open_code(self):
        """What the door says of this window now."""
        row = told(self.technician.ask("GET", f"/api/v1/windows/{self.window}"))
        return "E-FEN-04" if row["state"] == "approved" and row["opens"] <= instant(0) else row["state"]

    def test_a_ticket_serves_once_at_once_and_for_nobody_else(self):
        made = told(self.ticket())["ticket"]
        terminal = Terminal(self.technician, made).size(80, 24).wait_for("session")
        self.not_opened(made)
        terminal.socket.connection.close()
        self.ended(terminal, "client_left")

        made = told(self.ticket())["ticket"]
        other = rig.logged_in("portal", "x.autre", "127.0.0.4")
        self.not_opened(made, other, "127.0.0.4")
        # Presented once, by whomever: it is used up.
        self.not_opened(made)

        made = told(self.ticket())["ticket"]
        again = rig.logged_in("portal", "n.belkacem")  # the older login is over
        self.not_opened(made, code="E-AUT-03")
        self.not_opened(made, again)
        self.technician = again

        made = told(self.ticket())["ticket"]
        time.sleep(30.5)
        self.not_opened(made)
        for nonsense in ("A" * 48, "x"):
            time.sleep(5)  # so many failures from one address slow it down
            self.not_opened(nonsense)

    def not_opened(self, ticket, browser=None, source=None, code="E-TRM-02"):
        self.assertEqual(Terminal(browser or self.technician, ticket, source).socket.refusal(), code)

    def test_wrong_factors_and_wrong_places_open_nothing(self):
        status, text = self.ticket(code="000000")
        self.assertEqual((status, code_of(text)), (403, "E-AUT-01"))
        time.sleep(2.5)
        self.assertEqual(code_of(self.ticket(asset="inconnue")[1]), "E-CIB-01")
        self.assertEqual(code_of(self.ticket(account="root2")[1]), "E-CIB-04")
        status, text = rig.logged_in("console", "c.leroy").ask("POST", "/api/v1/terminals", {})
        self.assertEqual(status, 404)

    def test_logging_out_ends_it(self):
        terminal = self.running()
        told(self.technician.ask("POST", "/api/v1/logout", {}))
        terminal.drain()
        self.assertEqual(terminal.said("end")["code"], "E-TRM-03")
        self.technician = rig.logged_in("portal", "n.belkacem")
        self.ended(terminal, "revoked")

    def test_an_address_that_is_withdrawn_ends_it(self):
        terminal = self.running()
        sources = rig.act("c.leroy", "source", "list", "--vendor", "Imagelec")["rows"]
        mine = next(row for row in sources if row["range"].startswith(VENDOR_ADDRESS))
        rig.act("c.leroy", "source", "remove", mine["source"], "--reason", "essai")
        try:
            terminal.drain()
            self.assertEqual(terminal.said("end")["code"], "E-RET-01")
        finally:
            made = rig.act("o.haddad", "source", "declare", f"{VENDOR_ADDRESS}/32", "--kind", "vpn", "--reason", "essai")
            rig.act("c.leroy", "source", "approve", made["source"])
        self.technician = rig.logged_in("portal", "n.belkacem")
        self.ended(terminal, "revoked")

    def test_a_page_that_speaks_nonsense_loses_its_session_alone(self):
        for payload, kind in ((b"x???", WebSocket.BINARY), (b"r" + struct.pack(">HH", 0, 24), WebSocket.BINARY),
                              (b"i" + b"a" * 4097, WebSocket.BINARY), (b"i", WebSocket.BINARY), (b"ibonjour", WebSocket.TEXT)):
            with self.subTest(payload=payload[:8]):
                terminal, other = self.running(), self.running()
                terminal.socket.send(payload, kind)
                terminal.drain()
                self.ended(terminal, "client_left")
                other.type("echo enc''ore\n")
                other.wait_for("encore").socket.connection.close()

    def test_a_page_that_does_not_read_holds_up_its_session_and_nothing_else(self):
        terminal = self.running()
        terminal.type("dd if=/dev/zero bs=1M count=64 2>/dev/null | tr '\\0' x; echo\n")
        session = terminal.said("session")["session"]
        time.sleep(3)
        before = self.memory()
        time.sleep(3)
        self.assertLess(self.memory() - before, 8 * 1024 * 1024)
        other = self.running()
        other.type("echo enc''ore\n")
        other.wait_for("encore").socket.connection.close()
        rig.act("c.leroy", "session", "cut", session, "--reason", "essai")
        self.ended(terminal, "cut")

    def memory(self):
        """Of every process of this rig that a terminal's bytes go through."""
        ours = {daemon.pid for daemon in rig.daemons.values()}
        total = 0
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
                if int(fields["Pid"]) not in ours and int(fields["PPid"]) not in ours:
                    continue
                if fields["Name"].strip() in ("ecluse-terminal", "ecluse-ssh-work", "ecluse-web", "ecluse-policyd"):
                    total += int(fields.get("VmRSS", "0 kB").split()[0]) * 1024
            except (FileNotFoundError, ProcessLookupError):
                pass
        return total

    def child(self, name):
        """The newest process of the listener by this name."""
        rows = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(rig.daemons["listen"].pid), "--sort", "pid"],
                              capture_output=True, text=True).stdout.split("\n")
        return [int(row.split()[0]) for row in rows if row.split()[1:] == [name]][-1]

    def test_a_process_that_dies_ends_its_own_session_only(self):
        for name, reason in (("ecluse-terminal", "client_left"), ("ecluse-ssh-work", "worker_lost")):
            with self.subTest(name=name):
                other, terminal = self.running(), self.running()
                os.kill(self.child(name), signal.SIGKILL)
                terminal.drain()
                if name != "ecluse-terminal":
                    self.assertEqual((terminal.said("end")["reason"], terminal.end), (reason, "ended"))
                self.ended(terminal, reason)
                other.type("echo enc''ore\n")
                other.wait_for("encore").socket.connection.close()

    def test_a_portal_that_dies_ends_what_goes_through_it_and_comes_back(self):
        terminal = self.running()
        rig.end("web-portal", signal.SIGKILL)
        rig.start_web("portal")
        self.technician = rig.logged_in("portal", "n.belkacem")
        self.ended(terminal, "client_left")
        self.running().socket.connection.close()

    def test_a_closed_door_says_so(self):
        made = told(self.ticket())["ticket"]
        rig.end("listen")
        self.not_opened(made, code="E-TRM-01")
        rig.start_listener()

    def test_no_client_of_the_door_gets_in_with_a_word(self):
        """What a terminal logs in with means nothing on a connection that a client opened."""
        port = int((rig.root / "listen.out").read_text().split()[1])
        ask = rig.write("ask.sh", "#!/bin/sh\necho " + "ab" * 32 + "\n")
        ask.chmod(0o700)
        ran = subprocess.run(
            ["ssh", "-F", "none", "-b", VENDOR_ADDRESS, "-p", str(port), "-o", "StrictHostKeyChecking=no", "-o",
             f"UserKnownHostsFile={rig.root}/known", "-o", "NumberOfPasswordPrompts=1", "-o", "PubkeyAuthentication=no",
             f"n.belkacem+serveur-1+{ACCOUNT}@127.0.0.1", "true"],
            env={**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}, capture_output=True, text=True)
        self.assertNotEqual(ran.returncode, 0)
        self.assertIn("Permission denied", ran.stderr)
        time.sleep(3)


if __name__ == "__main__":
    unittest.main(verbosity=2)

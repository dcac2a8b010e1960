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
    start_target()


def start_target():
    folder = rig.root / "target"
    folder.mkdir(mode=0o700)
    port = rigs.free_port()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "host_key"], check=True)
    dsi = lambda *words: rig.act("c.leroy", *words)
    fingerprint = subprocess.run(["ssh-keygen", "-lf", folder / "host_key.pub"], capture_output=True, text=True).stdout
    dsi("asset", "create", "serveur-1", "--description", "Serveur", "--host", "127.0.0.1", "--port", port)
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


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""The real daemons in a folder of their own, and people who act by eclusectl and by a browser."""
import atexit
import base64
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "scripts"))
from browser import Browser, solve  # noqa: E402, F401

BIN = pathlib.Path(os.environ["ECLUSE_BIN"])
PASSWORD = "Pierre-qui-roule-7!"
VENDOR_ADDRESS, OTHER_ADDRESS = "127.0.0.2", "127.0.0.3"


def wait_until(what, limit=30):
    until = time.monotonic() + limit
    while time.monotonic() < until:
        value = what()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not in {limit} s: {what}")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answers(port):
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


class Rig:
    def __init__(self, config=""):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="ecluse-web."))
        atexit.register(self.stop)
        self.daemons, self.ports, self.totp, self.codes, self.steps = {}, {}, {}, {}, {}
        self.write("password", PASSWORD + "\n")
        self.write("passphrase", "une phrase de passe longue\n")
        self.ctl("setup", "--site", "CH de Valmont", "--site-phone", "01 23 45 67 89", "--portal", "-",
                 "--rssi-passphrase-file", self.root / "passphrase", "--escrow-passphrase-file",
                 self.root / "passphrase")
        if config:
            folder = self.root / "etc" / "ecluse.toml.d"
            folder.mkdir(exist_ok=True)
            (folder / "web.toml").write_text(config)
        self.start("recorder", "ecluse-recorder")
        wait_until(lambda: (self.root / "run/recorder.sock").exists())
        self.start_policyd()
        self.people()
        self.pages()
        for door in ("portal", "console"):
            self.start_web(door)

    # Daemons
    def write(self, name, text):
        path = self.root / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def start(self, name, program, *words):
        out = open(self.root / f"{name}.out", "wb")
        log = open(self.root / f"{name}.log", "ab")
        process = subprocess.Popen([BIN / program, "--root", self.root, *map(str, words)], stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=log, start_new_session=True)
        self.daemons[name] = process
        return process

    def log(self, name):
        return (self.root / f"{name}.log").read_text(errors="replace")

    def end(self, name, how=signal.SIGTERM):
        process = self.daemons.pop(name)
        process.send_signal(how)
        status = process.wait(20)
        # Asked to stop, whoever is talking to it: it stops, and does not fall.
        assert how != signal.SIGTERM or status in (0, -signal.SIGTERM), (name, status, self.log(name)[-2000:])

    def start_policyd(self):
        before = self.log("policyd").count(": ready") if (self.root / "policyd.log").exists() else 0
        self.start("policyd", "ecluse-policyd")
        wait_until(lambda: self.log("policyd").count(": ready") > before, 60)

    def start_web(self, door, port=0, address="127.0.0.1", name=None):
        name = name or f"web-{door}"
        process = self.start(name, "ecluse-web", "--door", door, "--address", address, "--port", port,
                             "--pages", self.root / "www" / door)

        def printed():
            if process.poll() is not None:
                raise AssertionError(self.log(name))
            return (self.root / f"{name}.out").read_text().startswith("port ")

        wait_until(printed)
        self.ports[door] = int((self.root / f"{name}.out").read_text().split()[1])

    def pages(self):
        for door in ("portal", "console"):
            folder = self.root / "www" / door
            folder.mkdir(parents=True)
            (folder / "index.html").write_text(f"<!doctype html><title>{door}</title>")
            (folder / "app-3F7Q2XKA.js").write_text("export {};\n" * 100)
            (folder / "app-3F7Q2XKA.js.gz").write_bytes(b"\x1f\x8bgz")
            (folder / "app-3F7Q2XKA.js.br").write_bytes(b"brotli")
        (self.root / "www" / "secret.txt").write_text("not a page")

    def stop(self):
        # The last first: a listener whose policyd is gone ends with a fault of its own.
        for name in reversed(list(self.daemons)):
            try:
                self.end(name)
            except (subprocess.TimeoutExpired, ProcessLookupError):
                pass
        if not os.environ.get("ECLUSE_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)

    # People
    def run(self, *words):
        return subprocess.run([BIN / "eclusectl", "--root", self.root, "--json", *map(str, words)],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, start_new_session=True)

    def ctl(self, *words):
        ran = self.run(*words)
        assert ran.returncode == 0, (words, ran.stdout, ran.stderr)
        return json.loads(ran.stdout) if ran.stdout.strip() else {}

    def code(self, login):
        """Of a step that was not used yet."""
        step = max(self.steps.get(login, 0) + 1, int(time.time()) // 30 - 1)
        while step > int(time.time()) // 30 + 1:
            time.sleep(0.2)
        self.steps[login] = step
        key = base64.b32decode(self.totp[login])
        digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
        at = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 1000000:06d}"

    def recovery(self, login):
        if len(self.codes[login]) == 1:
            self.codes[login] = self.ctl("--as", login, "recovery", "regenerate", "--password-file", self.root / "password",
                                         "--code", self.codes[login].pop())["recovery_codes"]
        return self.codes[login].pop()

    def enrol(self, login, token, log_in=True):
        self.totp[login] = self.ctl("enrol", token, "--password-file", self.root / "password")["secret"]
        self.codes[login] = self.ctl("enrol", token, "--code", self.code(login))["recovery_codes"]
        if log_in:
            self.ctl("login", login, "--password-file", self.root / "password", "--code", self.recovery(login))

    def act(self, login, *words):
        return self.ctl("--as", login, *words)

    def person(self, by, login, role, vendor=None):
        first, last = login.split(".")
        words = ["person", "create", "--first-name", first.title() + "a", "--last-name", last.title(), "--login", login,
                 "--mail", f"{login}@example.fr", "--role", role]
        self.act(by, *words, *(("--vendor", vendor) if vendor else ()))
        self.enrol(login, self.act(by, "person", "invite", login)["token"])

    def people(self):
        made = self.ctl("setup", "--admin", "Alain;Petit;a.petit;a.petit@ch.example", "--dsi",
                        "Claire;Leroy;c.leroy;c.leroy@ch.example", "--rssi", "Rachid;Amrani;r.amrani;r@ch.example")
        for one in made["invitations"]:
            self.enrol(one["login"], one["token"])
        for vendor in ("Imagelec", "Autrelec"):
            self.act("c.leroy", "vendor", "create", vendor, "--contract-reference", "M-1", "--contract-from",
                     "2020-01-01", "--contract-to", "2090-12-31")
        self.person("c.leroy", "n.belkacem", "technician", "Imagelec")
        self.person("c.leroy", "o.haddad", "vendor_manager", "Imagelec")
        self.person("c.leroy", "x.autre", "technician", "Autrelec")
        self.act("c.leroy", "person", "verify-identity", "n.belkacem", "--how", "carte")
        self.act("c.leroy", "asset", "create", "scanner-1", "--description", "Scanner", "--host", "127.0.0.1")
        self.act("c.leroy", "account", "add", "scanner-1", "maintenance")
        self.act("c.leroy", "vendor", "asset-add", "Imagelec", "scanner-1")
        for vendor, address in (("Imagelec", VENDOR_ADDRESS), ("Autrelec", "127.0.0.4")):
            made = self.act("o.haddad" if vendor == "Imagelec" else "c.leroy", "source", "declare", f"{address}/32",
                            "--kind", "vpn", "--reason", "essai",
                            *(() if vendor == "Imagelec" else ("--vendor", vendor)))
            by = "c.leroy" if vendor == "Imagelec" else "d.roux"
            if by == "d.roux":
                self.person("a.petit", "d.roux", "dsi")
            self.act(by, "source", "approve", made["source"])

    # Browsers
    def url(self, door):
        return f"https://127.0.0.1:{self.ports[door]}"

    def browser(self, door, source=None):
        return Browser(self.url(door), source or (VENDOR_ADDRESS if door == "portal" else "127.0.0.1"))

    def logged_in(self, door, login, source=None):
        browser = self.browser(door, source)
        status, text = browser.login(login, PASSWORD, self.recovery(login))
        assert status == 200, (status, text)
        return browser

    def certify(self, door):
        """The door's request signed by an authority of the hospital's, and imported: the authority's certificate, and
        a name that the door's has."""
        folder = self.root / f"authority-{door}"
        folder.mkdir()
        openssl = lambda *words: subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)  # noqa: E731
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 400, "-subj",
                "/CN=Autorite du CH de Valmont", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-keyout", folder / "key.pem", "-out", folder / "authority.pem")
        rssi = self.logged_in("console", "r.amrani")
        status, text = rssi.ask("POST", f"/api/v1/web_certificates/{door}/request", {})
        assert status == 200, text
        asked = json.loads(text)
        (folder / "request.pem").write_text(asked["request"])
        openssl("x509", "-req", "-in", folder / "request.pem", "-CA", folder / "authority.pem", "-CAkey",
                folder / "key.pem", "-days", 365, "-copy_extensions", "copy", "-out", folder / "door.pem")
        chain = (folder / "door.pem").read_text() + (folder / "authority.pem").read_text()
        status, text = rssi.ask("POST", f"/api/v1/web_certificates/{door}/import",
                                {"certificate": chain, "password": PASSWORD, "code": self.recovery("r.amrani")})
        assert status == 200, text
        return folder / "authority.pem", asked["names"][0]

    def start_listener(self):
        self.start("listen", "ecluse-listen", "--door", "ssh", "--address", "127.0.0.1", "--port", 0)
        return int(wait_until(lambda: (self.root / "listen.out").read_text().split()[1:])[0])

    def raw(self, door, source=None):
        """A TLS connection that sends what it is told."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", self.ports[door]), 30,
                                         ((source or (VENDOR_ADDRESS if door == "portal" else "127.0.0.1")), 0))
        return context.wrap_socket(plain)


def read_answer(connection):
    """Everything until the other side closes."""
    text = b""
    try:
        while chunk := connection.recv(65536):
            text += chunk
    except (ConnectionResetError, ssl.SSLEOFError):
        pass
    return text


class WebSocket:
    """Just enough of RFC 6455 for a page."""
    TEXT, BINARY, CLOSE = 1, 2, 8

    def __init__(self, rig, door, browser, source=None, origin=None, path="/api/v1/live"):
        self.connection = rig.raw(door, source)
        key = base64.b64encode(os.urandom(16)).decode()
        self.connection.sendall((
            f"GET {path} HTTP/1.1\r\nHost: {browser.origin[8:]}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nOrigin: {origin or browser.origin}\r\n"
            f"Cookie: __Host-ecluse={browser.cookie}\r\n\r\n").encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            chunk = self.connection.recv(4096)
            if not chunk:
                break
            self.data += chunk
        self.head, _, self.data = self.data.partition(b"\r\n\r\n")
        self.status = int(self.head.split()[1])

    def refusal(self):
        """The code that was answered instead of a WebSocket."""
        text = self.data + read_answer(self.connection)
        return json.loads(text[text.index(b"{"):]).get("code")

    def frame(self):
        """The next whole frame, (kind, payload), or None when the connection ends."""
        while True:
            if len(self.data) >= 2:
                size, at = self.data[1] & 127, 2
                if size >= 126:
                    extra = 2 if size == 126 else 8
                    size, at = int.from_bytes(self.data[2:2 + extra], "big"), 2 + extra
                if len(self.data) >= at and len(self.data) >= at + size:
                    kind, payload = self.data[0] & 15, self.data[at:at + size]
                    self.data = self.data[at + size:]
                    return kind, payload
            try:
                chunk = self.connection.recv(65536)
            except (ConnectionResetError, ssl.SSLError):
                return None
            if not chunk:
                return None
            self.data += chunk

    def receive(self, kind=TEXT):
        """The next message of this kind, or None when the other side closes."""
        while found := self.frame():
            if found[0] == self.CLOSE:
                return None
            if found[0] == kind:
                return found[1].decode() if kind == self.TEXT else found[1]

    def send(self, payload, kind=TEXT):
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        self.connection.sendall(bytes([0x80 | kind]) + size + mask + masked)

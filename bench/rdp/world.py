"""The world of the measurements: a screen, the stock client, an xrdp target, the stock proxy. Standard library only."""
import ctypes
import ctypes.util
import os
import re
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(HERE, "..", "..", "scripts")
START_LIMIT_S = 90
# The terminal of the target's desktop (scripts/xrdp-target.sh).
PAPER = 0xF8F8F0


class Failed(Exception):
    pass


def wait_for(ready, what, limit_s=START_LIMIT_S, pace_s=0.02):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        value = ready()
        if value:
            return value
        time.sleep(pace_s)
    raise Failed(f"{what}: not within {limit_s} s")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tied(words):
    """Ends with this program, whatever ends it."""
    return ["setpriv", "--pdeathsig", "KILL", *words]


def start(words, log, **more):
    with open(log, "ab") as file:
        return subprocess.Popen(tied(words), stdin=subprocess.DEVNULL, stdout=file, stderr=file, **more)


def stop(process):
    if process and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Target:
    """xrdp with accounts desk1, desk2…, all with one password."""

    def __init__(self, folder, accounts):
        self.folder = folder
        log = folder + ".log"
        self.process = start(["bash", os.path.join(SCRIPTS, "xrdp-target.sh"), folder, str(accounts)], log)

        def said():
            if self.process.poll() is not None:
                with open(log, encoding="utf-8", errors="replace") as file:
                    raise Failed("no target: " + file.read())
            with open(log, encoding="utf-8", errors="replace") as file:
                return re.search(r"^port (\d+)$", file.read(), re.M)
        self.port = int(wait_for(said, "target").group(1))
        self.certificate = os.path.join(folder, "cert.pem")
        with open(os.path.join(folder, "password"), encoding="utf-8") as file:
            self.password = file.read()

    def stop(self):
        stop(self.process)


class StockProxy:
    """freerdp-proxy3 as its package ships it: TLS in front, legacy bitmaps behind, no recording."""

    def __init__(self, folder, target):
        os.makedirs(folder)
        self.port = free_port()
        config = os.path.join(folder, "proxy.ini")
        key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=proxy",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"""[Server]
Host = 127.0.0.1
Port = {self.port}
[Target]
FixedTarget = true
Host = 127.0.0.1
Port = {target.port}
[Input]
Keyboard = true
Mouse = true
Multitouch = false
[Security]
ServerTlsSecurity = true
ServerNlaSecurity = false
ServerRdpSecurity = false
ClientTlsSecurity = true
ClientNlaSecurity = false
ClientRdpSecurity = false
ClientAllowFallbackToTls = true
[Channels]
GFX = false
DisplayControl = false
Clipboard = true
AudioInput = false
AudioOutput = false
DeviceRedirection = false
VideoRedirection = false
CameraRedirection = false
RemoteApp = false
PassthroughIsBlacklist = false
Passthrough = cliprdr
[Clipboard]
TextOnly = false
MaxTextLength = 0
[Certificates]
CertificateFile = {certificate}
PrivateKeyFile = {key}
""")
        self.process = start(["freerdp-proxy3", config], os.path.join(folder, "log"))
        wait_for(lambda: listens(self.port), "stock proxy")

    def stop(self):
        stop(self.process)


def listens(port):
    """Read from the kernel's table: a connection would be a session for whoever listens."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(row.split()[3] == "0A" and row.split()[1].endswith(f":{port:04X}") for row in list(table)[1:])


class Screen:
    """An X screen of the technicians' side; looks at single points of it, which costs next to nothing."""

    def __init__(self, folder, width, height):
        self.folder = folder
        out = os.path.join(folder, f"screen-{width}")
        with open(out, "wb") as file:
            # In a session of its own and without root's screen saver: it only draws.
            self.process = subprocess.Popen(
                tied(["Xvfb", "-displayfd", "1", "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset"]),
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.DEVNULL)

        def number():
            with open(out, encoding="ascii") as file:
                return re.match(r"(\d+)\n", file.read())
        self.display = ":" + wait_for(number, "screen").group(1)
        self.x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.x11.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
        self.x11.XDefaultRootWindow.restype = ctypes.c_ulong
        self.x11.XGetImage.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_int, ctypes.c_uint,
                                       ctypes.c_uint, ctypes.c_ulong, ctypes.c_int]
        self.x11.XGetImage.restype = ctypes.c_void_p
        self.x11.XGetPixel.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
        self.x11.XGetPixel.restype = ctypes.c_ulong
        self.x11.XDestroyImage.argtypes = [ctypes.c_void_p]
        self.connection = self.x11.XOpenDisplay(self.display.encode())
        self.root = self.x11.XDefaultRootWindow(self.connection)
        self.tool("setxkbmap", "fr")

    def tool(self, *words):
        subprocess.run(words, env={**os.environ, "DISPLAY": self.display}, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def point(self, x, y):
        image = self.x11.XGetImage(self.connection, self.root, x, y, 1, 1, ctypes.c_ulong(-1), 2)
        value = self.x11.XGetPixel(image, 0, 0) & 0xFFFFFF
        self.x11.XDestroyImage(image)
        return value

    def stop(self):
        stop(self.process)


class Client:
    """The stock xfreerdp3 on a place of a screen."""

    def __init__(self, screen, words, size=(1280, 800), place=(0, 0)):
        self.screen, self.size, self.place = screen, size, place
        home = os.path.join(screen.folder, "home")
        os.makedirs(home, exist_ok=True)
        self.log = os.path.join(screen.folder, "client.log")
        self.started = time.monotonic()
        self.process = start(
            ["xfreerdp3", *words, f"/size:{size[0]}x{size[1]}", f"/window-position:{place[0]}x{place[1]}", "/bpp:32",
             "-decorations", "/kbd:layout:0x0000040C", "/cert:ignore", "/log-level:ERROR"],
            self.log, env={**os.environ, "DISPLAY": screen.display, "HOME": home})

    def shows_desktop(self):
        # A point of the terminal that no line of text reaches, whatever the size.
        return self.screen.point(self.place[0] + min(840, self.size[0] - 20), self.place[1] + 420) == PAPER

    def first_picture(self, limit_s=START_LIMIT_S):
        """Seconds from the start of the client until the target's desktop is on the screen."""
        def ready():
            if self.process.poll() is not None:
                with open(self.log, encoding="utf-8", errors="replace") as file:
                    raise Failed("the client left: " + file.read()[-500:])
            return self.shows_desktop()
        try:
            wait_for(ready, "desktop", limit_s, 0.004)
        except Failed:
            self.screen.tool("import", "-window", "root", os.path.join(self.screen.folder, "no-desktop.png"))
            raise
        return time.monotonic() - self.started

    def stop(self):
        stop(self.process)
        # The next one must not see this one's picture.
        wait_for(lambda: not self.shows_desktop(), "empty screen", 10)

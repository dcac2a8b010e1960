"""Recordings made by the recorder's own writer, shown to a real browser by the page's own code: ecluse-replay answers as
policyd has it answer, the rest of the product is not there. Used by snapshots.py and by bench/replay/seek.py."""
import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UI = f"{ROOT}/admin-web/ui"
FILES = ["header.json", "record.bin", "chain.txt", "text.bin", "seal.json", "seal.sig", "key-rssi.cms"]

# What the page of a replay is made of, without its frame.
HARNESS = """
import * as terminal from "../../admin-web/ui/src/replay/terminal";
import * as proof from "../../admin-web/ui/src/replay/snapshot_proof";
import * as video from "../../admin-web/ui/src/replay/video";
Object.assign(globalThis, { ...terminal, ...proof, ...video });
"""
PAGE = b"""<!doctype html><html lang="fr"><title>relecture</title><style>#stage{width:1200px;height:800px}</style>
<div id="stage"></div><video id="video" muted></video><script type="module" src="/bundle.js"></script></html>"""


class Recording:
    def __init__(self, programs, folder, *words, frames=None, clock=None):
        self.programs, self.path = programs, f"{folder}/recording"
        self.certificate, key = f"{folder}/cert.pem", f"{folder}/key.pem"
        if not os.path.exists(key):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-keyout", key, "-out", self.certificate, "-subj", "/CN=rssi", "-days", "30"], check=True, capture_output=True)
        lines = "".join(json.dumps(frame) + "\n" for frame in frames or []).encode()
        made = subprocess.run([f"{programs}/make_recording", self.path, self.certificate, key, *words], input=lines, env={**os.environ, **(clock or {})}, check=True, stdout=subprocess.PIPE)
        self.key = made.stdout.decode().strip()

    def ask(self, what, **fields):
        """One ecluse-replay, one piece, as policyd does it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process = subprocess.Popen([f"{self.programs}/ecluse-replay"], preexec_fn=lambda: os.dup2(theirs.fileno(), 3), pass_fds=[3], stderr=subprocess.DEVNULL)
        theirs.close()
        names = [name for name in FILES if os.path.exists(f"{self.path}/{name}")]
        files = [os.open(f"{self.path}/{name}", os.O_RDONLY) for name in names]
        output = os.memfd_create("piece")
        with open(self.certificate) as file:
            request = {"do": what, "id": 1, "language": "fr", "certificate": file.read(), "files": names, "key": self.key, "from": 0, "from_ms": 0, "to_ms": 0, **fields}
        try:
            socket.send_fds(ours, [json.dumps(request).encode()], [*files, output])
            answer = json.loads(ours.recv(65536))
            assert answer["ok"], answer
            os.lseek(output, 0, os.SEEK_SET)
            with os.fdopen(output, "rb", closefd=False) as file:
                return file.read()
        finally:
            for descriptor in [*files, output]:
                os.close(descriptor)
            ours.close()
            process.wait()

    def size(self):
        return sum(os.path.getsize(f"{self.path}/{name}") for name in os.listdir(self.path))


class Host:
    """Serves the page and the pieces of one recording; counts what is asked."""

    def __init__(self, recording, folder):
        entry = f"{ROOT}/tests/browser/.harness-{os.getpid()}.ts"
        with open(entry, "w") as file:
            file.write(HARNESS)
        try:
            subprocess.run([f"{UI}/node_modules/.bin/esbuild", entry, "--bundle", "--format=esm", "--minify", "--target=es2022,chrome109", "--loader:.css=text", f"--outfile={folder}/bundle.js", "--log-level=warning", "--jsx=automatic", "--jsx-import-source=preact"], check=True, cwd=UI)
        finally:
            os.unlink(entry)
        with open(f"{folder}/bundle.js", "rb") as file:
            bundle = file.read()
        requests = self.requests = []

        class Answers(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, kind, body):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer(*(("text/javascript", bundle) if self.path == "/bundle.js" else ("text/html", PAGE)))

            def do_POST(self):
                fields = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                what = "replay.video" if self.path.endswith("/video") else "replay.watch"
                fields.pop("key", None)
                began = time.perf_counter()
                body = recording.ask(what, **fields)
                requests.append({"what": what, "bytes": len(body), "ms": (time.perf_counter() - began) * 1000, **fields})
                self.answer("application/octet-stream" if what == "replay.video" else "application/json", body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def run(self, script, **facts):
        """A node script in front of Chromium; its last line is what it found."""
        environment = {**os.environ, "PAGE": self.address, "NODE_PATH": f"{UI}/node_modules", "FACTS": json.dumps(facts)}
        done = subprocess.run(["node", script], env=environment, stdout=subprocess.PIPE, check=False)
        lines = done.stdout.decode().strip().split("\n")
        if done.returncode != 0:
            print("\n".join(lines))
            raise SystemExit(done.returncode)
        return json.loads(lines[-1])

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Folder:
    """Of its own, in memory where there is some, gone afterwards."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="ecluse-replay.", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)

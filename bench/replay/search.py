#!/usr/bin/env python3
"""Search over many sealed sessions, against the sqlite3 shell and openssl (see README.md)."""
import argparse
import base64
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time

FIELDS = ["header.json", "record.bin", "chain.txt", "text.bin", "seal.json", "seal.sig", "key-rssi.cms"]
SQL = "SELECT rowid, snippet(word, 0, char(1), char(2), '…', 24) FROM word WHERE word MATCH '{}' ORDER BY rowid LIMIT 150;"


class Index:
    """An ecluse-search of our own, asked as policyd asks it."""

    def __init__(self, program):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket, self.last = ours, 0
        self.process = subprocess.Popen([program], preexec_fn=lambda: os.dup2(theirs.fileno(), 3), pass_fds=[3], stderr=subprocess.DEVNULL)
        theirs.close()

    def ask(self, request, descriptors):
        self.last += 1
        socket.send_fds(self.socket, [json.dumps({**request, "id": self.last}).encode()], descriptors)
        return json.loads(self.socket.recv(65536))

    def add(self, folder, session, key):
        files = [os.open(f"{folder}/{session}/{name}", os.O_RDONLY) for name in FIELDS]
        facts = {"session": session, "person": "p", "person_id": "P-1", "vendor": "v", "vendor_id": "V-1", "asset": "a", "asset_id": "A-1", "window": "W-1", "started_ms": 0}
        answer = self.ask({"do": "search.add", "key": key, "files": FIELDS, "facts": facts}, files)
        for file in files:
            os.close(file)
        return answer

    def find(self, words):
        file = os.memfd_create("found")
        try:
            answer = self.ask({"do": "search.find", "words": words, "person": "", "vendor": "", "asset": "", "kind": "", "from_ms": 0, "to_ms": 0, "after": 0}, [file])
            assert answer["ok"], answer
            return json.loads(os.pread(file, 1 << 24, 0))
        finally:
            os.close(file)

    def memory(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * 4096


class Shell:
    """The sqlite3 shell, asked line by line and timed from outside, as the index is."""

    def __init__(self, database):
        self.process = subprocess.Popen(["sqlite3", "-readonly", database], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        # As much memory as it likes: the index has its whole text there.
        self.find("PRAGMA cache_size = -2000000; PRAGMA mmap_size = 4000000000;")

    def find(self, sql):
        self.process.stdin.write(f"{sql}\nSELECT 'end-of-answer';\n".encode())
        self.process.stdin.flush()
        rows = 0
        while self.process.stdout.readline() != b"end-of-answer\n":
            rows += 1
        return rows


def openssl_reads(folder, session, key):
    key_hex = base64.b64decode(key).hex()
    key_id = json.load(open(f"{folder}/{session}/header.json"))["key_id"]
    return subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-binary", "-in", f"{folder}/{session}/text.bin", "-secretkey", key_hex, "-secretkeyid", key_id], check=True, capture_output=True).stdout


def make_database(folder, database):
    """The same table and the same full-text index, in a file."""
    script = (
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 8192; "
        "CREATE TABLE line(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL); "
        "CREATE VIRTUAL TABLE word USING fts5(text, content = 'line', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');\n"
        f".mode tabs\n.import {folder}/table line\nINSERT INTO word(word) VALUES('rebuild');\n"
    )
    subprocess.run(["sqlite3", database], input=script.encode(), check=True, stdout=subprocess.DEVNULL)


def p99(times):
    return sorted(times)[int(len(times) * 0.99)]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bin", default="build/ci/bin")
    options.add_argument("--sessions", type=int, default=10_000)
    options.add_argument("--lines", type=int, default=500)
    options.add_argument("--queries", type=int, default=1000)
    options.add_argument("--folder", help="sessions made before (--make) are kept there")
    options.add_argument("--make", action="store_true", help="only make the sessions and the shell's database in --folder")
    asked = options.parse_args()
    folder = asked.folder or tempfile.mkdtemp(dir="/dev/shm")
    recordings = f"{folder}/recordings"
    if not os.path.exists(f"{folder}/keys"):
        os.makedirs(recordings, exist_ok=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem", "-subj", "/CN=rssi", "-days", "30"], check=True, capture_output=True)
        with open(f"{folder}/keys", "w") as keys:
            subprocess.run([f"{asked.bin}/make_sessions", recordings, str(asked.sessions), str(asked.lines), f"{folder}/cert.pem", f"{folder}/key.pem", f"{folder}/table"], check=True, stdout=keys)
    keys = [line.split() for line in open(f"{folder}/keys")]
    database = f"{folder}/shell.db"
    if not os.path.exists(database):
        make_database(folder, database)
    if asked.make:
        return

    # First results: one batch of a page's keys, then the first question.
    index = Index(f"{asked.bin}/ecluse-search")
    batch = keys[:40]
    began = time.perf_counter()
    for session, key in batch:
        assert index.add(recordings, session, key)["ok"]
    first = index.find("sauvegarde*")
    ours = time.perf_counter() - began
    assert first["sessions"]
    began = time.perf_counter()
    texts = [openssl_reads(recordings, session, key) for session, key in batch]
    theirs = time.perf_counter() - began
    print(f"first results after unlocking, one batch of {len(batch)} sessions: {ours * 1000:.0f} ms; openssl cms -decrypt of their texts: {theirs * 1000:.0f} ms; ratio {ours / theirs:.2f} (bar 5)", flush=True)

    # The same, past what starting openssl costs: how long to read all.
    began = time.perf_counter()
    lines = sum(text.count(b"\n") for text in texts)
    for session, key in keys[40:]:
        answer = index.add(recordings, session, key)
        assert answer["ok"], answer
        lines += answer["lines"]
    print(f"all {len(keys)} sessions, {lines} lines: {time.perf_counter() - began:.1f} s, {index.memory() / 2**20:.0f} MiB resident", flush=True)

    shell = Shell(database)

    vocabulary = sorted({word for text in texts for line in text.decode().splitlines()[1:] for word in line.split()[2:]})
    draw = random.Random(5)
    questions = []
    for _ in range(asked.queries):
        kind = draw.random()
        one, other = draw.choice(vocabulary), draw.choice(vocabulary)
        questions.append((one, f'"{one}"') if kind < 0.6 else (f"{one[:4]}*", f'"{one[:4]}"*') if kind < 0.8 else (f"{one} {other}", f'"{one}" "{other}"'))
    for words, expression in questions[:50]:  # both warm
        index.find(words), shell.find(SQL.format(expression))
    ours, theirs = [], []
    for words, expression in questions:
        began = time.perf_counter()
        index.find(words)
        middle = time.perf_counter()
        shell.find(SQL.format(expression))
        ours.append(middle - began)
        theirs.append(time.perf_counter() - middle)
    middle = lambda times: sorted(times)[len(times) // 2]
    print(f"{len(questions)} questions: p50 {middle(ours) * 1000:.2f} ms, p99 {p99(ours) * 1000:.2f} ms; sqlite3 shell p50 {middle(theirs) * 1000:.2f} ms, p99 {p99(theirs) * 1000:.2f} ms; p99 ratio {p99(ours) / p99(theirs):.2f} (bar 2)")
    if not asked.folder:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

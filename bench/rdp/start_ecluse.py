#!/usr/bin/env python3
"""Starts a whole Écluse with an RDP door for bench.py (the contract is in README.md), under a throw-away root; people,
targets and windows are all made with eclusectl.

    ./bench.py --gateway-start ./start_ecluse.py          as root: memory is read from processes that hide it

ECLUSE_BENCH_BUILD  the folder of the programs (default: build/release/bin of this tree)
"""
import datetime
import fcntl
import glob
import json
import os
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "ssh"))
os.environ["ECLUSE_BENCH_BUILD"] = os.path.abspath(
    os.environ.get("ECLUSE_BENCH_BUILD", os.path.join(HERE, "..", "..", "build", "release", "bin")))
from start_ecluse import BIN, Stack, letters, need, wait, port_in, write  # pylint: disable=wrong-import-position

# Each may have three sessions at once and signs each ticket with one of ten recovery codes.
PEOPLE = 12
HOURS = 6


def set_up(stack):
    phrase = write(os.path.join(stack.root, "phrase"), "une phrase de passe longue\n")
    stack.ctl("setup", "--site", "CH de Valmont", "--site-phone", "01 23 45 67 89",
              "--portal", "https://ecluse.valmont.example", "--rssi-passphrase-file", phrase,
              "--escrow-passphrase-file", phrase)
    folder = os.path.join(stack.root, "etc", "ecluse.toml.d")
    os.makedirs(folder, exist_ok=True)
    # One address plays all vendors, and tickets are asked for before the clock starts; the rest is as installed.
    write(os.path.join(folder, "bench.toml"), f"""[rdp]
per_source_max = 100
connections_max = 100
ticket_s = 300
[windows]
max_hours = {HOURS + 1}
emergency_max_hours = {HOURS + 1}
[report]
blocking = "never"
""", 0o644)
    stack.start()
    made = stack.ctl("setup", "--admin", "Alain;Roux;a.roux;a.roux@ch.example",
                     "--dsi", "Claire;Leroy;c.leroy;c.leroy@ch.example",
                     "--rssi", "Rachid;Amrani;r.amrani;r.amrani@ch.example")
    for invitation in made["invitations"]:
        stack.enrol(invitation["login"], invitation["token"])
    stack.ctl("person", "create", "--first-name", "Denis", "--last-name", "Morel", "--login", "d.morel",
              "--mail", "d.morel@ch.example", "--role", "dsi", by="a.roux")
    stack.enrol("d.morel", stack.ctl("person", "invite", "d.morel", by="a.roux")["token"])
    stack.ctl("vendor", "create", "Imagelec", "--contract-reference", "M-2026-17", "--contract-from", "2020-01-01",
              "--contract-to", "2090-12-31", by="c.leroy")
    # Nobody approves what they declared.
    source = stack.ctl("source", "declare", "127.0.0.1", "--vendor", "Imagelec", "--kind", "vpn",
                       "--reason", "mesures en boucle locale", by="c.leroy")["source"]
    stack.ctl("source", "approve", source, by="d.morel")
    charter = write(os.path.join(stack.root, "charte.txt"), "Chacun agit sous son nom, et sous enregistrement.\n")
    stack.ctl("charter", "publish", charter, "--title", "Charte de télémaintenance", by="c.leroy")


def add_targets(stack, accounts):
    """One machine per desktop account: a session is named by its machine."""
    certificate = need("TARGET_CERTIFICATE")
    fingerprint = subprocess.check_output(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"],
                                          text=True).split("=")[1].strip()
    secret = write(os.path.join(stack.root, "desk.secret"), need("TARGET_PASSWORD") + "\n")
    for number in range(1, accounts + 1):
        asset = f"poste-{number}"
        stack.ctl("asset", "create", asset, "--protocol", "rdp", "--security", "tls", "--description", "Poste de mesure",
                  "--host", "127.0.0.1", "--port", need("TARGET_PORT"), "--sessions", "20", by="c.leroy")
        stack.ctl("asset", "pin", asset, "--certificate", certificate, "--fingerprint", fingerprint, by="c.leroy")
        stack.ctl("account", "add", asset, f"desk{number}", "--method", "password", "--secret-file", secret, by="c.leroy")
        stack.ctl("vendor", "asset-add", "Imagelec", asset, by="c.leroy")


def add_people(stack):
    logins = []
    for number in range(PEOPLE):
        login = "t." + letters(number) + "elec"
        stack.ctl("person", "create", "--first-name", "T" + letters(number),
                  "--last-name", letters(number).title() + "elec", "--login", login,
                  "--mail", login + "@imagelec.example", "--vendor", "Imagelec", "--role", "technician", by="c.leroy")
        stack.enrol(login, stack.ctl("person", "invite", login, by="c.leroy")["token"])
        stack.ctl("person", "verify-identity", login, "--how", "carte d'identité", by="c.leroy")
        stack.ctl("charter", "accept", "1", by=login)
        logins.append(login)
    return logins


def open_windows(stack, logins, accounts):
    """By emergency: any other begins in the next minute at the earliest. The DSI's approval ends the wait."""
    for number in range(1, accounts + 1):
        window = stack.ctl("window", "request", "--asset", f"poste-{number}", "--person", ",".join(logins),
                           "--opens", "now", "--closes", f"+{HOURS}h", "--function", "desktop",
                           "--nature", "diagnostic", "--reason", "mesures", "--emergency", by=logins[0])["window"]
        stack.ctl("window", "approve", window, by="c.leroy")


def ticket(root, account):
    """A command of its own: prints the .rdp file of a fresh ticket for this desktop account."""
    path = os.path.join(root, "codes.json")
    with open(path, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        codes = json.load(file)
        # Whoever has the most left: so nobody has too many sessions at once either.
        login = max(codes, key=lambda name: len(codes[name]))
        code = codes[login].pop()
        file.seek(0)
        json.dump(codes, file)
        file.truncate()
    handle, output = tempfile.mkstemp(suffix=".rdp", dir=root)
    os.close(handle)
    os.unlink(output)
    subprocess.run([os.path.join(BIN, "eclusectl"), "--root", root, "--json", "--as", login, "rdp-ticket",
                    "--asset", account.replace("desk", "poste-"), "--from", "127.0.0.1", "--output", output,
                    "--password-file", os.path.join(root, "password"), "--code", code],
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    print(output)


def last_recorded(root):
    """A command of its own: the instant of the last picture or key in the newest recording."""
    newest = os.path.basename(max(glob.glob(os.path.join(root, "recordings", "by-id", "*")), key=os.path.getctime))
    with open(os.path.join(root, "rssi.codes"), "r+", encoding="utf-8") as file:
        codes = json.load(file)
        code = codes.pop()
        file.seek(0)
        json.dump(codes, file)
        file.truncate()
    output = os.path.join(root, f"{newest}.{code}.json")
    subprocess.run([os.path.join(BIN, "eclusectl"), "--root", root, "--json", "--as", "r.amrani", "recording", "export",
                    newest, "--format", "json", "--output", output, "--reason", "mesure",
                    "--key-file", os.path.join(root, "remise", "rssi.p12"),
                    "--passphrase-file", os.path.join(root, "phrase"),
                    "--password-file", os.path.join(root, "password"), "--code", code],
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    with open(output, encoding="utf-8") as file:
        recording = json.load(file)
    started = datetime.datetime.fromisoformat(recording["created"].replace("Z", "+00:00")).timestamp()
    print(started + max(frame["at_s"] for frame in recording["frames"] if frame["kind"] in ("video", "key")))


def main():
    if sys.argv[1:2] == ["ticket"]:
        return ticket(sys.argv[2], sys.argv[3])
    if sys.argv[1:2] == ["last-recorded"]:
        return last_recorded(sys.argv[2])
    os.umask(0o077)
    stack = Stack(os.path.join(need("FOLDER"), "ecluse"))
    accounts = int(need("ACCOUNTS"))
    try:
        set_up(stack)
        add_targets(stack, accounts)
        logins = add_people(stack)
        open_windows(stack, logins, accounts)
        write(os.path.join(stack.root, "codes.json"), json.dumps({login: stack.codes[login] for login in logins}))
        write(os.path.join(stack.root, "rssi.codes"), json.dumps(stack.codes["r.amrani"]))
        out = stack.daemon("listen", "--door", "rdp", "--address", "127.0.0.1", "--port", "0",
                           "--worker", os.path.join(BIN, "ecluse-rdp-worker"))
        port = wait(lambda: port_in(out), "listener")
        me = f"{shlex.quote(sys.executable)} {shlex.quote(os.path.abspath(__file__))}"
        root = shlex.quote(stack.root)
        print(json.dumps({
            "port": port, "roots": [process.pid for process in stack.daemons],
            "recordings": os.path.join(stack.root, "recordings"),
            "ticket": f'{me} ticket {root} "$1"', "last_recorded": f"{me} last-recorded {root}",
            "cut": f"{shlex.quote(os.path.join(BIN, 'eclusectl'))} --root {root} --as c.leroy session cut --all "
                   "--reason mesure --confirm COUPER"}), flush=True)
        sys.stdin.read()
    finally:
        stack.stop()
    return None


if __name__ == "__main__":
    main()

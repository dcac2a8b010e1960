#!/usr/bin/env python3
"""Starts a whole Écluse for bench.py (the contract is in README.md): the three daemons of a release build under a
throw-away root, and the people, machines and windows that the measurements need, all made with eclusectl.

    ./bench.py --gateway-start ./start_ecluse.py          as root: memory is read from processes that hide it

ECLUSE_BENCH_BUILD  the folder of the programs (default: build/release/bin of this tree)
ECLUSE_BENCH_PEOPLE how many technicians (default 190: a person may have three sessions at once, and
                    come in three times, then once per 30 s)
"""
import concurrent.futures
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time

import totp

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("ECLUSE_BENCH_BUILD", os.path.join(HERE, "..", "..", "build", "release", "bin"))
PEOPLE = int(os.environ.get("ECLUSE_BENCH_PEOPLE", "190"))
# An asset takes at most 100 sessions at once and a window 20 people, so the 500 idle ones are spread.
ASSETS = 10
HOURS = 12
START_LIMIT_S = 20


def need(name):
    return os.environ.get("ECLUSE_BENCH_" + name) or sys.exit(f"start_ecluse: ECLUSE_BENCH_{name} is not set")


def write(path, text, mode=0o600):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
    return path


class Stack:
    """The daemons and eclusectl."""

    def __init__(self, root):
        self.root = root
        self.daemons = []
        os.makedirs(os.path.join(root, "logs"), mode=0o700)
        self.password = write(os.path.join(root, "password"), "Vx7!" + secrets.token_hex(12) + "\n")
        self.codes = {}

    def ctl(self, *words, by=None):
        command = [os.path.join(BIN, "eclusectl"), "--root", self.root, "--json"]
        done = subprocess.run([*command, *(["--as", by] if by else []), *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"eclusectl {' '.join(words)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def daemon(self, name, *words):
        out = os.path.join(self.root, "logs", name)
        with open(out + ".out", "wb") as said, open(out + ".log", "wb") as logged:
            process = subprocess.Popen([os.path.join(BIN, "ecluse-" + name), "--root", self.root, *words],
                                       stdin=subprocess.DEVNULL, stdout=said, stderr=logged)
        self.daemons.append(process)
        return out + ".out"

    def start(self):
        self.daemon("recorder")
        wait(lambda: answers(os.path.join(self.root, "run", "recorder.sock")), "recorder")
        self.daemon("policyd")
        wait(lambda: answers(os.path.join(self.root, "run", "operator.sock")), "policyd")

    def open_door(self):
        out = self.daemon("listen", "--door", "ssh", "--address", "127.0.0.1", "--port", "0",
                          "--worker", os.path.join(BIN, "ecluse-ssh-worker"))
        return wait(lambda: port_in(out), "listener")

    def stop(self):
        """The door first: nobody comes in while the rest leaves."""
        for process in reversed(self.daemons):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def enrol(self, login, token):
        """Recovery codes sign the rest, so that every TOTP step is left to the measurements."""
        begun = self.ctl("enrol", token, "--password-file", self.password)
        secret = write(os.path.join(self.root, login + ".totp"), begun["secret"] + "\n")
        done = self.ctl("enrol", token, "--code", totp.Ledger(secret).take())
        self.codes[login] = list(done["recovery_codes"])
        self.ctl("login", login, *self.signature(login))
        return secret

    def signature(self, login):
        return "--password-file", self.password, "--code", self.codes[login].pop()


def answers(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        probe.connect(path)
    return True


def port_in(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("port "):
                return int(line.split()[1])
    return None


def wait(ready, what):
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        try:
            value = ready()
            if value:
                return value
        except OSError:
            pass
        time.sleep(0.02)
    sys.exit(f"start_ecluse: {what} does not answer")


def letters(number):
    return chr(97 + number // 26) + chr(97 + number % 26)


def set_up(stack):
    phrase = write(os.path.join(stack.root, "phrase"), "une phrase de passe longue\n")
    stack.ctl("setup", "--site", "CH de Valmont", "--site-phone", "01 23 45 67 89",
              "--portal", "https://ecluse.valmont.example", "--rssi-passphrase-file", phrase,
              "--escrow-passphrase-file", phrase)
    folder = os.path.join(stack.root, "etc", "ecluse.toml.d")
    os.makedirs(folder, exist_ok=True)
    # One address plays 500 vendors; everything else is as installed.
    write(os.path.join(folder, "bench.toml"), f"""[ssh]
per_source_max = 1000
connections_max = 1000
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
        if invitation["login"] != "r.amrani":
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


def add_assets(stack):
    user, host_key = need("TARGET_USER"), need("TARGET_HOST_KEY")
    fingerprint = subprocess.check_output(["ssh-keygen", "-l", "-f", host_key], text=True).split()[1]
    for asset in [f"cible-{number}" for number in range(ASSETS)] + ["cible-fin"]:
        stack.ctl("asset", "create", asset, "--description", "Machine de mesure", "--host", need("TARGET_HOST"),
                  "--port", need("TARGET_PORT"), "--sessions", "100", by="c.leroy")
        stack.ctl("asset", "pin", asset, "--key", host_key, "--fingerprint", fingerprint, by="c.leroy")
        stack.ctl("account", "add", asset, user, "--method", "key",
                  "--private-key-file", need("TARGET_USER_KEY"), by="c.leroy")
        stack.ctl("vendor", "asset-add", "Imagelec", asset, by="c.leroy")


def add_person(stack, number):
    login = "t." + letters(number) + "elec"
    stack.ctl("person", "create", "--first-name", "T" + letters(number), "--last-name", letters(number).title() + "elec",
              "--login", login, "--mail", login + "@imagelec.example", "--vendor", "Imagelec", "--role", "technician",
              by="c.leroy")
    secret = stack.enrol(login, stack.ctl("person", "invite", login, by="c.leroy")["token"])
    stack.ctl("person", "verify-identity", login, "--how", "carte d'identité", by="c.leroy")
    key = os.path.join(stack.root, login + ".key")
    subprocess.check_call(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
    stack.ctl("key", "add", key + ".pub", *stack.signature(login), by=login)
    stack.ctl("charter", "accept", "1", by=login)
    return {"login": login, "key": key, "secret": secret}


def open_windows(stack, accounts):
    """One per asset, by emergency: any other begins in the next minute at the earliest."""
    for number in range(ASSETS):
        people = [account["login"] for account in accounts[number::ASSETS]]
        if not people:
            continue
        window = stack.ctl("window", "request", "--asset", f"cible-{number}", "--person", ",".join(people),
                           "--opens", "now", "--closes", f"+{HOURS}h", "--function", "shell,exec,file_up,file_down",
                           "--nature", "diagnostic", "--reason", "mesures", "--emergency", by=people[0])["window"]
        stack.ctl("window", "approve", window, by="c.leroy")
        for account in accounts[number::ASSETS]:
            account["login"] += f"+cible-{number}"


def short_window(stack, account):
    """Whoever comes in here is put out at the end of the window, one minute after the command."""
    ctl = f"{os.path.join(BIN, 'eclusectl')} --root {stack.root} --json"
    request = (f"{ctl} --as {account['login']} window request --asset cible-fin --opens now --closes +1m "
               "--function shell,exec --nature diagnostic --reason mesures --emergency")
    command = (f"facts=$({request}) && echo \"$facts\" && {ctl} --as c.leroy window approve "
               "$(echo \"$facts\" | sed 's/.*\"window\":\"\\([^\"]*\\)\".*/\\1/')")
    return {"command": command, "account": {**account, "login": account["login"] + "+cible-fin"}}


def main():
    os.umask(0o077)
    stack = Stack(os.path.join(need("FOLDER"), "ecluse"))
    try:
        set_up(stack)
        add_assets(stack)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            accounts = list(pool.map(lambda number: add_person(stack, number), range(PEOPLE)))
        short = short_window(stack, add_person(stack, PEOPLE))
        open_windows(stack, accounts)
        port = stack.open_door()
        cut = f"{os.path.join(BIN, 'eclusectl')} --root {stack.root} --as c.leroy session cut --all --reason mesure --confirm COUPER"
        print(json.dumps({"host": "127.0.0.1", "port": port, "accounts": accounts, "cut": cut, "short": short,
                          "recordings": os.path.join(stack.root, "recordings"),
                          "roots": [process.pid for process in stack.daemons]}), flush=True)
        sys.stdin.read()
    finally:
        stack.stop()


if __name__ == "__main__":
    main()

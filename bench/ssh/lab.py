"""The three roads to one target: direct, a classic bastion, and Écluse. Loopback, throw-away keys, free ports."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import totp

HERE = os.path.dirname(os.path.abspath(__file__))


def find(*names):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_port(port, limit_s=10):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return True
        except OSError:
            time.sleep(0.02)
    return False


class Account:
    """Somebody who may pass the gateway: a login, a private key and perhaps a TOTP secret."""

    def __init__(self, login, key, secret=None):
        self.login, self.key, self.secret = login, key, secret

    def turn(self):
        """(seconds until a code is free, the last step used): of those who are free, the one who rested longest. Two
        connections of one person at once could reach the gateway in the other order, and the older code is refused."""
        ledger = totp.Ledger(self.secret) if self.secret else None
        return (ledger.wait_s(), ledger.last()) if ledger else (0.0, 0)


class Route:
    """One road: how the stock clients are started on it, and whose memory it costs."""

    def __init__(self, name, host, port, accounts, options, roots=(), askpass=None):
        self.name, self.host, self.port = name, host, port
        self.accounts, self.options, self.roots = accounts, options, list(roots)
        self.askpass = askpass or os.path.join(HERE, "askpass.sh")
        self.choosing = threading.Lock()

    def prepare(self):
        """The account whose code is free soonest, and the environment that answers for it. The wait is over before
        any clock starts."""
        environment = dict(os.environ)
        # One at a time, or two threads would choose the same person.
        with self.choosing:
            account = min(self.accounts, key=Account.turn)
            if account.secret:
                environment.update(SSH_ASKPASS=self.askpass, SSH_ASKPASS_REQUIRE="force",
                                   ECLUSE_TOTP_SECRET=account.secret,
                                   ECLUSE_TOTP_CODE=totp.Ledger(account.secret).take())
        return account, environment

    def ssh(self, account, *command, options=()):
        return ["ssh", *self.options, *options, "-i", account.key, "-p", str(self.port), "-l", account.login,
                self.host, *command]

    def sftp(self, account):
        # -b forbids every question, the code included; commands on standard input do not.
        return ["sftp", "-q", *self.options, "-o", "BatchMode=no", "-i", account.key, "-P", str(self.port),
                "-o", "User=" + account.login, self.host]


class Lab:
    def __init__(self, arguments):
        self.arguments = arguments
        self.folder = tempfile.mkdtemp(prefix="ecluse-bench-")
        self.processes = []
        self.gateway = None
        self.user = subprocess.check_output(["id", "-un"], text=True).strip()
        self.sshd = find("sshd") or sys.exit("bench: sshd is missing (openssh-server)")
        self.recordings = os.path.join(self.folder, "recordings")
        self.home = os.path.join(self.folder, "home")
        for folder in (self.recordings, self.home):
            os.mkdir(folder)
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        self.host_key, self.user_key = self.new_key("host"), self.new_key("user")
        shutil.copy(self.user_key + ".pub", os.path.join(self.folder, "authorized"))

    def new_key(self, name):
        path = os.path.join(self.folder, name)
        subprocess.check_call(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path])
        return path

    def client_options(self):
        known = {"UserKnownHostsFile": "/dev/null", "GlobalKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "no",
                 "IdentitiesOnly": "yes", "LogLevel": "ERROR", "Compression": "no", "ControlPath": "none",
                 "Ciphers": self.arguments.cipher, "ConnectTimeout": "30"}
        if self.arguments.kex:
            known["KexAlgorithms"] = self.arguments.kex
        return ["-F", "/dev/null"] + [word for pair in known.items() for word in ("-o", "=".join(pair))]

    def start_sshd(self, name, extra):
        port = free_port()
        configuration = os.path.join(self.folder, name + ".conf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(f"""Port {port}
ListenAddress 127.0.0.1
HostKey {self.host_key}
AuthorizedKeysFile {self.folder}/authorized
PidFile none
UsePAM no
PermitRootLogin yes
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 4000
MaxSessions 4000
LoginGraceTime 60
LogLevel ERROR
UseDNS no
SetEnv HOME={self.home}
{extra}
""")
        with open(os.path.join(self.folder, name + ".log"), "ab") as log:
            process = subprocess.Popen([self.sshd, "-D", "-e", "-f", configuration], stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        if not wait_port(port):
            sys.exit(f"bench: {name} did not start, see {log.name}")
        return port, process.pid

    def start(self):
        """The routes by name. The target is also what the gateway leads to."""
        sftp_server = find("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server")
        self.target_port, _ = self.start_sshd("target", f"Subsystem sftp {sftp_server}")
        bastion_port, bastion = self.start_sshd(
            "classic", f"Subsystem sftp {sftp_server}\nForceCommand {self.write_forced_command()}")
        own = [Account(self.user, self.user_key)]
        options = self.client_options()
        routes = [Route("direct", "127.0.0.1", self.target_port, own, options),
                  Route("classic", "127.0.0.1", bastion_port, own, options, [bastion])]
        gateway = self.gateway_description()
        self.short, self.recordings_folder = None, (gateway or {}).get("recordings")
        if gateway:
            if not (gateway["host"].startswith("127.") or gateway["host"] in ("localhost", "::1")):
                sys.exit("bench: loopback only")
            accounts = [Account(**account) for account in gateway["accounts"]]
            def through(people):
                return Route("ecluse", gateway["host"], gateway["port"], people, options, gateway.get("roots", []),
                             self.arguments.askpass)
            routes.append(through(accounts))
            if "short" in gateway:
                self.short = through([Account(**gateway["short"]["account"])]), gateway["short"]["command"]
        self.cut_command = (gateway or {}).get("cut") or self.arguments.cut_command
        return {route.name: route for route in routes}

    def write_forced_command(self):
        """What a classic bastion does: sshd starts a recorder, which starts a second ssh."""
        path = os.path.join(self.folder, "forced.sh")
        inner = " ".join(["ssh", *self.client_options(), "-i", self.user_key, "-p", str(self.target_port), "-l", self.user])
        if find("ttyrec"):
            terminal, self.recorder = "exec ttyrec -e '{0}' $file", "ttyrec, tee"
        else:
            terminal, self.recorder = "exec script -q -f -c '{0}' $file", "script, tee"
        raw = "{0} | tee -a $file; exit ${{PIPESTATUS[0]}}"
        with open(path, "w", encoding="ascii") as file:
            file.write(f"""#!/bin/bash
file={self.recordings}/$$.rec
export WANTED="$SSH_ORIGINAL_COMMAND"
case "$WANTED" in
  *sftp-server) {raw.format(inner + ' -s 127.0.0.1 sftp')} ;;
  "") {terminal.format(inner + ' -tt 127.0.0.1')} ;;
  *) if [ -t 0 ]; then {terminal.format(inner + ' -tt 127.0.0.1 "$WANTED"')}
     else {raw.format(inner + ' 127.0.0.1 "$WANTED"')}; fi ;;
esac
""")
        os.chmod(path, 0o755)
        return path

    def gateway_description(self):
        """From --gateway-start (a program that prints one JSON line when ready), or from the separate options."""
        arguments = self.arguments
        if arguments.gateway_start:
            environment = dict(os.environ, ECLUSE_BENCH_FOLDER=self.folder, ECLUSE_BENCH_TARGET_HOST="127.0.0.1",
                               ECLUSE_BENCH_TARGET_PORT=str(self.target_port), ECLUSE_BENCH_TARGET_USER=self.user,
                               ECLUSE_BENCH_TARGET_HOST_KEY=self.host_key + ".pub",
                               ECLUSE_BENCH_TARGET_USER_KEY=self.user_key)
            with open(os.path.join(self.folder, "gateway.log"), "ab") as log:
                self.gateway = subprocess.Popen(arguments.gateway_start, shell=True, env=environment, text=True,
                                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                                start_new_session=True)
            line = self.gateway.stdout.readline()
            if not line.startswith("{"):
                sys.exit(f"bench: the gateway did not start, see {log.name}")
            return json.loads(line)
        if not arguments.gateway:
            return None
        host, port = arguments.gateway.rsplit(":", 1)
        accounts = []
        for text in arguments.account:
            login, key, *secret = text.split(",")
            accounts.append({"login": login, "key": key, "secret": secret[0] if secret else None})
        if not accounts:
            sys.exit("bench: --gateway needs at least one --account LOGIN,KEY[,SECRET]")
        return {"host": host, "port": int(port), "accounts": accounts, "roots": arguments.root}

    def forget_recordings(self):
        """The classic bastion's, which would fill the disk."""
        for name in os.listdir(self.recordings):
            os.unlink(os.path.join(self.recordings, name))

    def stop(self):
        if self.gateway:
            # Closing its input asks it to leave; its group is ended if it does not.
            self.gateway.stdin.close()
            try:
                self.gateway.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.gateway.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
            process.wait(10)
        self.stop_orphans()
        if not self.arguments.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def stop_orphans(self):
        """A classic bastion's recorder outlives the connection it recorded; it is known by our folder's unique name."""
        mark = (self.folder + "/").encode()
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    if mark in file.read():
                        os.kill(int(name), signal.SIGTERM)
            except OSError:
                continue

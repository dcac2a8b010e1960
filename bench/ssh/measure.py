"""One function per figure. Each takes a route and returns a number, or a list of numbers."""
import datetime
import hashlib
import json
import os
import pty
import re
import select
import shlex
import statistics
import subprocess
import threading
import time
import tty

TRANSFER_LIMIT_S = 180
OPEN_LIMIT_S = 60
MIB = 1 << 20


class Failed(Exception):
    pass


def readable(fd, limit_s):
    poll = select.poll()
    poll.register(fd, select.POLLIN | select.POLLHUP)
    return bool(poll.poll(max(0.0, limit_s) * 1000))


def read_until(fd, mark, limit_s):
    buffer, end = b"", time.monotonic() + limit_s
    while mark not in buffer:
        if not readable(fd, end - time.monotonic()):
            raise Failed(f"no {mark!r} within {limit_s} s")
        chunk = os.read(fd, 4096)
        if not chunk:
            raise Failed(f"closed before {mark!r}: {buffer[-200:]!r}")
        buffer += chunk
    return buffer


def timed(command, environment, **how):
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, timeout=TRANSFER_LIMIT_S, check=False, **how)
    elapsed = time.perf_counter() - start
    if done.returncode != 0:
        raise Failed(f"exit {done.returncode}: {done.stderr[-300:]!r}")
    return elapsed


def download(route, mib):
    account, environment = route.prepare()
    return mib / timed(route.ssh(account, f"head -c {mib * MIB} /dev/zero"), environment,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def upload(route, mib):
    account, environment = route.prepare()
    with subprocess.Popen(["head", "-c", str(mib * MIB), "/dev/zero"], stdout=subprocess.PIPE) as source:
        return mib / timed(route.ssh(account, "cat >/dev/null"), environment, stdin=source.stdout,
                           stdout=subprocess.DEVNULL)


def sftp(route, mib, verb, source, destination):
    account, environment = route.prepare()
    elapsed = timed(route.sftp(account), environment, input=f"{verb} {source} {destination}\n".encode(),
                    stdout=subprocess.DEVNULL)
    # Without -b the client's exit status says nothing about the transfer.
    if os.path.getsize(destination) != mib * MIB:
        raise Failed(f"sftp {verb}: {os.path.getsize(destination)} bytes")
    os.unlink(destination)
    return mib / elapsed


def set_up(route):
    account, environment = route.prepare()
    return 1000 * timed(route.ssh(account, "true"), environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


class Terminal:
    """An interactive session behind a pseudo-terminal, whose far end is `cat`."""

    def __init__(self, route, far="stty raw -echo; echo READY; exec cat"):
        account, environment = route.prepare()
        self.fd, near = pty.openpty()
        tty.setraw(near)
        tty.setraw(self.fd)
        self.process = subprocess.Popen(route.ssh(account, far, options=["-tt"]), env=environment, stdin=near,
                                        stdout=near, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(near)
        try:
            self.greeting = read_until(self.fd, b"READY", OPEN_LIMIT_S)
            while readable(self.fd, 0.3):
                os.read(self.fd, 4096)
        except (Failed, OSError):
            self.close()
            raise

    def echo(self, rounds):
        times = []
        for index in range(rounds):
            start = time.perf_counter()
            os.write(self.fd, bytes([97 + index % 26]))
            if not readable(self.fd, 10):
                raise Failed("an echo was lost")
            os.read(self.fd, 64)
            times.append(1e6 * (time.perf_counter() - start))
        return times

    def discard(self, limit_s):
        """What the session says meanwhile. A closed terminal is an input error here, and not worth a word."""
        try:
            if readable(self.fd, limit_s):
                os.read(self.fd, 4096)
        except OSError:
            time.sleep(limit_s)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.fd)


def processes():
    """Children by parent, from /proc."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(name))
    return children


def memory_kib(roots):
    """PSS of the process trees: what they would cost if they were alone. Reading it of processes that made themselves
    unreadable, as Écluse's do, needs root."""
    children, waiting, total = processes(), list(roots), 0
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, [])
        try:
            with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
                total += int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M).group(1))
        except PermissionError as error:
            raise Failed("memory of the gateway: needs root") from error
        except (OSError, AttributeError):
            continue
    return total


class IdleSessions:
    """Many sessions that only wait, opened a few at a time."""

    def __init__(self, route, count, at_once=8):
        self.clients, self.failures = [], []
        lock, todo = threading.Lock(), list(range(count))

        def open_some():
            while True:
                with lock:
                    if not todo:
                        return
                    todo.pop()
                try:
                    client = self.open_one(route)
                except (Failed, OSError) as error:
                    with lock:
                        self.failures.append(str(error))
                    continue
                with lock:
                    self.clients.append(client)

        start = time.perf_counter()
        workers = [threading.Thread(target=open_some) for _ in range(min(at_once, count))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.opened_s = time.perf_counter() - start

    @staticmethod
    def open_one(route):
        account, environment = route.prepare()
        client = subprocess.Popen(route.ssh(account, "echo READY; exec cat >/dev/null", options=["-tt"]),
                                  env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            read_until(client.stdout.fileno(), b"READY", OPEN_LIMIT_S)
        except Failed:
            client.kill()
            client.wait()
            raise
        return client

    def alive(self):
        return sum(client.poll() is None for client in self.clients)

    def close(self):
        for client in self.clients:
            client.kill()
        for client in self.clients:
            client.wait()


def idle_memory(route, count):
    """PSS per idle session, all processes of the route together, in MiB."""
    before = memory_kib(route.roots)
    sessions = IdleSessions(route, count)
    try:
        if len(sessions.clients) != count:
            raise Failed(f"{len(sessions.clients)} of {count} sessions: {sessions.failures[:1]}")
        # Reads twice: the first look at fresh processes still sees their start.
        time.sleep(2)
        return (memory_kib(route.roots) - before) / count / 1024
    finally:
        sessions.close()


def mixed_round(route, mib, rekey):
    """Down, up, and both ways at once with small rekey limits, each checked by its digest."""
    options, size = ["-o", f"RekeyLimit={rekey}"], mib * MIB
    wanted = hashlib.sha256(bytes(size)).hexdigest()
    generate = f"head -c {size} /dev/zero"
    for name, command, feeds in (("down", generate, False), ("up", "sha256sum", True), ("both", "cat", True)):
        account, environment = route.prepare()
        line = shlex.join(route.ssh(account, command, options=options))
        line = f"{generate} | {line}" if feeds else f"{line} </dev/null"
        if command != "sha256sum":
            line += " | sha256sum"
        try:
            done = subprocess.run(["bash", "-o", "pipefail", "-c", line], env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=60, check=False)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{name}: stalled") from error
        if done.returncode != 0 or done.stdout.split()[:1] != [wanted.encode()]:
            raise Failed(f"{name}: exit {done.returncode}, {done.stdout[:80]!r} {done.stderr[-200:]!r}")


def has_ended(process):
    """A zombie has: whoever inherited it, and may be slow to collect it, is no part of what is measured."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


class Witness:
    """An open session whose two ends are watched: the client, and the shell on the target."""

    def __init__(self, route):
        self.terminal = Terminal(route, "stty raw -echo; echo PID=$$ READY; exec cat")
        self.target = int(re.search(rb"PID=(\d+)", self.terminal.greeting).group(1))

    def wait_gone(self, limit_s):
        """The instants (time.time) at which client and target were gone."""
        gone, end = {}, time.time() + limit_s
        while len(gone) < 2 and time.time() < end:
            if "client" not in gone and self.terminal.process.poll() is not None:
                gone["client"] = time.time()
            if "target" not in gone and has_ended(self.target):
                gone["target"] = time.time()
            # Nothing to wait on for another process's child; a millisecond is finer than the bar.
            self.terminal.discard(0.001)
        if len(gone) < 2:
            raise Failed(f"still there after {limit_s} s: {set(('client', 'target')) - set(gone)}")
        return gone["client"], gone["target"]


def cut_latency(route, command):
    """From the order (a command line) to both ends gone, in ms. The time includes starting the command, so it is an
    upper bound."""
    witness = Witness(route)
    try:
        start = time.time()
        with subprocess.Popen(["bash", "-c", command], stdout=subprocess.DEVNULL) as order:
            gone = witness.wait_gone(30)
            if order.wait() != 0:
                raise Failed(f"the order failed: exit {order.returncode}")
        return 1000 * (max(gone) - start)
    finally:
        witness.terminal.close()


def window_end(route, command):
    """`command` opens a window that ends soon and prints its facts. From that end to both ends gone, in ms."""
    facts = json.loads(subprocess.check_output(["bash", "-c", command], text=True).splitlines()[0])
    closes = datetime.datetime.fromisoformat(facts["closes"].replace("Z", "+00:00")).timestamp()
    witness = Witness(route)
    try:
        return 1000 * (max(witness.wait_gone(closes - time.time() + 30)) - closes)
    finally:
        witness.terminal.close()


def unsealed(folder, limit_s):
    """Recordings without a seal; what has just ended gets some time."""
    end = time.monotonic() + limit_s
    while True:
        ids = os.listdir(os.path.join(folder, "by-id"))
        missing = sum(not os.path.exists(os.path.join(folder, "by-id", name, "seal.json")) for name in ids)
        if missing == 0 or time.monotonic() > end:
            return missing, len(ids)
        time.sleep(0.2)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values):
    return statistics.median(values)

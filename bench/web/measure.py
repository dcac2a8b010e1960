"""How bench.py measures: memory of a process, times of a request over HTTPS and of the same one asked of policyd."""
import json
import pathlib
import socket
import time


def resident_kib(pid):
    """Proportional: what this process alone adds to the machine."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise AssertionError("no Pss")


def percentile(times, part):
    return sorted(times)[int(len(times) * part)]


def packet_times(rig, count):
    """The same list asked of policyd directly, as eclusectl would."""
    token = (rig.root / "run/operator/n.belkacem").read_text().strip()
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link.connect(str(rig.root / "run/operator.sock"))
    link.send(json.dumps({"do": "operator.hello", "id": 1, "version": "bench", "language": "fr"}).encode())
    link.recv(65536)
    times = []
    for number in range(2, count + 2):
        started = time.perf_counter()
        link.send(json.dumps({"do": "window.list", "id": number, "token": token}).encode())
        data, files, _, _ = socket.recv_fds(link, 65536, 4)
        for file in files:
            with open(file, "rb") as document:
                document.read()
        times.append(time.perf_counter() - started)
    return times


def list_times(browser, count, path="/api/v1/windows"):
    times = []
    for _ in range(count):
        started = time.perf_counter()
        status, text = browser.ask("GET", path)
        times.append(time.perf_counter() - started)
        assert status == 200, text
    return times

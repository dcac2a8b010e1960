#!/usr/bin/env python3
"""What the portal costs: memory of idle pages that listen, and the time of an authenticated list beside policyd's own.

measure.py [--pages 1000], with ECLUSE_BIN: the folder of the built programs. Run alone on a quiet machine.
"""
import argparse
import json
import pathlib
import socket
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/scenario/web"))
import rig as rigs  # noqa: E402
import web_test  # noqa: E402


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


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--pages", type=int, default=1000)
    arguments.add_argument("--requests", type=int, default=500)
    given = arguments.parse_args()
    rig = web_test.rig = rigs.Rig("[portal]\nper_source_max = 1000\n")
    pid = rig.daemons["web-portal"].pid
    browser = rig.logged_in("portal", "n.belkacem")
    for day in range(50):
        at = 3700000000 + day * 86400
        form = "%Y-%m-%dT%H:%M:%SZ"
        status, text = browser.ask("POST", "/api/v1/windows", {
            "asset": ["scanner-1"], "function": ["shell"], "opens": time.strftime(form, time.gmtime(at)),
            "closes": time.strftime(form, time.gmtime(at + 3600)), "nature": "corrective", "reason": "mesure",
            "procedure": "P-1"})
        assert status == 200, text
    times = []
    for _ in range(given.requests):
        started = time.perf_counter()
        status, _ = browser.ask("GET", "/api/v1/windows")
        times.append(time.perf_counter() - started)
        assert status == 200
    direct = packet_times(rig, given.requests)
    before = resident_kib(pid)
    pages = [web_test.WebSocket("portal", browser) for _ in range(given.pages)]
    assert all(page.status == 101 for page in pages)
    time.sleep(1)
    after = resident_kib(pid)
    print(json.dumps({
        "list_ms": {"median": round(statistics.median(times) * 1000, 2), "p99": round(percentile(times, 0.99) * 1000, 2)},
        "packet_ms": {"median": round(statistics.median(direct) * 1000, 2), "p99": round(percentile(direct, 0.99) * 1000, 2)},
        "p99_ratio": round(percentile(times, 0.99) / percentile(direct, 0.99), 2),
        "pages": given.pages, "portal_mib": {"before": round(before / 1024, 1), "after": round(after / 1024, 1)},
        "kib_a_page": round((after - before) / given.pages, 1)}, indent=2))


if __name__ == "__main__":
    main()

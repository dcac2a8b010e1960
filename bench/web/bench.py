#!/usr/bin/env python3
"""What portal and console cost, beside nginx and beside policyd, in one run on loopback.

bench.py [--seconds 5] [--rounds 3] [--pages 1000] [--only static,list,pages,lists], with ECLUSE_BIN: the folder of the built programs.
Needs nginx and wrk. Prints one JSON object; leaves with 1 when a bar is missed. Run alone on a quiet machine.
"""
import argparse
import json
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/scenario/web"))
import measure  # noqa: E402
import rig as rigs  # noqa: E402
import web_test  # noqa: E402
import world  # noqa: E402

PAGE = "/app-3F7Q2XKA.js"
# What each figure must reach: a least for the first, a most for the others.
BARS = {"static_ratio": 0.5, "list_p99_ratio": 5.0, "pages_mib": 30.0, "lists_worst_ratio": 2.0}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    """Serves the console's pages over TLS as the console does: one process, the same folder, the same protocol."""

    def __init__(self, rig):
        folder = rig.root / "nginx"
        folder.mkdir()
        self.port = free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "chain.pem"],
                       check=True, capture_output=True)
        (folder / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  include /etc/nginx/mime.types; access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  open_file_cache max=100;
  server {{
    listen 127.0.0.1:{self.port} ssl; root {rig.root}/www/console;
    ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem; ssl_protocols TLSv1.3;
  }}
}}
user root;
""")
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", folder / "nginx.conf", "-e", folder / "error.log"])
        rigs.wait_until(self.answers)

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def wrk(port, path, seconds, connections=16):
    """Requests a second; every answer must be one."""
    said = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"https://127.0.0.1:{port}{path}"],
                          capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said and "Socket errors" not in said, said
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def static(rig, given):
    nginx = Nginx(rig)
    pairs = []
    try:
        for _ in range(given.rounds):
            pairs.append((wrk(nginx.port, PAGE, given.seconds), wrk(rig.ports["console"], PAGE, given.seconds)))
    finally:
        nginx.stop()
    return {"nginx_per_s": round(statistics.median(pair[0] for pair in pairs)),
            "ours_per_s": round(statistics.median(pair[1] for pair in pairs)),
            "static_ratio": round(statistics.median(ours / theirs for theirs, ours in pairs), 2)}


def one_list(rig, given):
    browser = rig.logged_in("portal", "n.belkacem")
    world.ask_windows(browser, 50)
    direct, through = [], []
    # In turn, so that what disturbs the machine disturbs both.
    for _ in range(10):
        direct += measure.packet_times(rig, given.requests // 10)
        through += measure.list_times(browser, given.requests // 10)
    both = {name: {"median": statistics.median(times) * 1000, "p99": measure.percentile(times, 0.99) * 1000}
            for name, times in (("packet_ms", direct), ("list_ms", through))}
    return {**{name: {part: round(value, 2) for part, value in times.items()} for name, times in both.items()},
            "list_p99_ratio": round(both["list_ms"]["p99"] / both["packet_ms"]["p99"], 2)}


def pages(rig, given):
    browser = rig.logged_in("portal", "n.belkacem")
    pid = rig.daemons["web-portal"].pid
    before = measure.resident_kib(pid)
    held = [rigs.WebSocket(rig, "portal", browser) for _ in range(given.pages)]
    assert all(page.status == 101 for page in held)
    browser.ask("GET", "/api/v1/me")  # every page stands by now
    added = (measure.resident_kib(pid) - before) / 1024
    return {"pages": given.pages, "pages_mib": round(added, 1), "kib_a_page": round(added * 1024 / given.pages, 1)}


LISTS = ["/api/v1/windows", "/api/v1/windows?state=requested", "/api/v1/windows?vendor=V-bench-1", "/api/v1/people",
         "/api/v1/people?vendor=V-bench-1", "/api/v1/people?state=suspended", "/api/v1/sessions", "/api/v1/sessions?live=true",
         "/api/v1/reports", "/api/v1/reports?late=true", "/api/v1/refusals", "/api/v1/refusals?login=p-3",
         "/api/v1/vendors", "/api/v1/assets", "/api/v1/sources", "/api/v1/sources?state=declared", "/api/v1/subcontractors",
         "/api/v1/charter/acceptances", "/api/v1/tokens", "/api/v1/reviews", "/api/v1/reviews?running=true", "/api/v1/emergencies",
         "/api/v1/extensions", "/api/v1/extensions?state=asked", "/api/v1/holds"]


def lists(rig, given):
    """Each list's first page and its last but one, in a small world and in a large one."""
    pages = {}
    for name, (windows, people) in {"small": (100, 100), "large": (10_000, 2_000)}.items():
        rig.end("policyd")
        world.fill(rig.root / "state/ecluse.db", windows, people)
        rig.start_policyd()
        browser = rig.logged_in("console", "d.roux")
        deep = world.deep_cursor(browser, "/api/v1/windows", 90 if name == "large" else 0)
        pages[name] = {path: one_page(browser, at, given) for path, at in [*((path, path) for path in LISTS), ("/api/v1/windows, deep", deep)]}
    shown = {path: judged(path, pages["small"], page) for path, page in pages["large"].items()}
    return {"lists_ms": shown, "lists_worst_ratio": max(row["judged"] for row in shown.values())}


def one_page(browser, path, given):
    status, text = browser.ask("GET", path)
    assert status == 200, text
    return {"rows": len(json.loads(text)["rows"]), "ms": median_of(browser, path, given.requests // 5) * 1000}


def judged(path, small, large):
    """A page of 20 rows is no measure for one of 100: where the small world's is less full, the fullest page that this world has of
    the same list stands for it. `ratio` is always the one of the page itself."""
    own = small[path]
    of_list = [page for other, page in small.items() if re.split("[?,]", other)[0] == re.split("[?,]", path)[0]]
    fair = own if own["rows"] >= large["rows"] else max(of_list, key=lambda page: page["rows"])
    return {"small": round(own["ms"], 2), "large": round(large["ms"], 2), "rows": [own["rows"], large["rows"]],
            "ratio": round(large["ms"] / own["ms"], 2), "against_rows": fair["rows"], "judged": round(large["ms"] / fair["ms"], 2)}


def median_of(browser, path, count):
    return statistics.median(measure.list_times(browser, count, path))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=5)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--pages", type=int, default=1000)
    arguments.add_argument("--requests", type=int, default=500)
    arguments.add_argument("--only", default="static,list,pages,lists")
    given = arguments.parse_args()
    rig = web_test.rig = rigs.Rig("[portal]\nper_source_max = 1200\n[console]\nper_source_max = 200\n")
    measured = {}
    for part in given.only.split(","):
        measured |= {"static": static, "list": one_list, "pages": pages, "lists": lists}[part](rig, given)
    missed = [name for name, bar in BARS.items() if name in measured and
              (measured[name] < bar if name == "static_ratio" else measured[name] > bar)]
    print(json.dumps({**measured, "missed": missed}, indent=2))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

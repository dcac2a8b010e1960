#!/usr/bin/env python3
"""Écluse over SSH against a direct connection and a classic bastion, in one run, on loopback: see README.md."""
import argparse
import json
import os
import shutil
import sys
import time

import measure
from lab import Lab

# figure, unit, whether less is better, [(against, comparison, bar)]; a bar is a ratio to the other route.
FIGURES = {
    "down": ("MiB/s", False, [("classic", 1.6), ("direct", 0.35)]),
    "up": ("MiB/s", False, [("classic", 0.9)]),
    "sftp put": ("MiB/s", False, [("classic", 1.0)]),
    "sftp get": ("MiB/s", False, [("classic", 1.2)]),
    "set-up": ("ms", True, [("direct", 1.3)]),
    "echo p50": ("us", True, [("direct", 1.7)]),
    "echo p99": ("us", True, [("direct", 2.4)]),
}
# figure, unit, bar on Écluse alone (at most).
ABSOLUTE = {"memory": ("MiB", 1.5), "stalls": ("", 0), "idle missing": ("", 0), "not sealed": ("", 0),
            "cut": ("ms", 250), "window end": ("ms", 1000)}


class Run:
    def __init__(self, arguments):
        self.arguments = arguments
        self.results = {}
        self.faults = []

    def keep(self, figure, route, values):
        value = self.results.setdefault(figure, {})[route.name] = measure.median(values)
        print(f"bench: {figure}, {route.name}: {value:.2f}", file=sys.stderr, flush=True)

    def interleaved(self, figure, routes, repetitions, once):
        """Each repetition visits every route, so that what else the machine does hits all alike."""
        values = {name: [] for name in routes}
        for _ in range(repetitions):
            for name, route in routes.items():
                try:
                    values[name].append(once(route))
                except (measure.Failed, OSError) as error:
                    self.faults.append(f"{figure}, {name}: {error}")
                self.lab.forget_recordings()
        for name, route in routes.items():
            if values[name]:
                self.keep(figure, route, values[name])

    def transfers(self, routes):
        size, small = self.arguments.mib, self.arguments.sftp_mib
        self.interleaved("down", routes, self.arguments.reps, lambda route: measure.download(route, size))
        self.interleaved("up", routes, self.arguments.reps, lambda route: measure.upload(route, size))
        source = os.path.join(self.lab.folder, "source.bin")
        with open(source, "wb") as file:
            block = os.urandom(measure.MIB)
            for _ in range(small):
                file.write(block)
        for verb in ("put", "get"):
            copy = os.path.join(self.lab.folder, f"copy.{verb}")
            self.interleaved(f"sftp {verb}", routes, self.arguments.reps,
                             lambda route, verb=verb, copy=copy: measure.sftp(route, small, verb, source, copy))

    def set_up(self, routes):
        self.interleaved("set-up", routes, self.arguments.connections, measure.set_up)

    def echo(self, routes):
        terminals, times = {}, {name: [] for name in routes}
        try:
            for name, route in routes.items():
                try:
                    terminals[name] = measure.Terminal(route)
                    terminals[name].echo(100)
                except (measure.Failed, OSError) as error:
                    self.faults.append(f"echo, {name}: {error}")
                    terminals.pop(name, None)
            turns = 20
            for _ in range(turns):
                for name, terminal in terminals.items():
                    times[name] += terminal.echo(max(1, self.arguments.rounds // turns))
            for name in terminals:
                self.keep("echo p50", routes[name], [measure.percentile(times[name], 0.50)])
                self.keep("echo p99", routes[name], [measure.percentile(times[name], 0.99)])
        finally:
            for terminal in terminals.values():
                terminal.close()

    def memory(self, routes):
        for route in routes.values():
            if route.roots:
                self.interleaved("memory", {route.name: route}, 1,
                                 lambda route: measure.idle_memory(route, self.arguments.idle_measured))

    def stall(self, routes):
        route = routes.get("ecluse") or routes["classic"]
        failed = 0
        for index in range(self.arguments.stall_rounds):
            try:
                measure.mixed_round(route, self.arguments.stall_mib, self.arguments.rekey)
            except measure.Failed as error:
                failed += 1
                self.faults.append(f"mixed transfer {index}, {route.name}: {error}")
        self.keep("stalls", route, [failed])

    def idle(self, routes):
        route = routes.get("ecluse") or routes["classic"]
        count = self.arguments.idle
        sessions = measure.IdleSessions(route, count)
        try:
            time.sleep(5)
            missing = count - sessions.alive()
            self.keep("idle missing", route, [missing])
            if missing:
                self.faults.append(f"idle, {route.name}: {missing} of {count} missing, {sessions.failures[:1]}")
        finally:
            sessions.close()
        if self.lab.recordings_folder:
            left, count = measure.unsealed(self.lab.recordings_folder, 60)
            self.keep("not sealed", route, [left])
            print(f"bench: {count} recordings, {left} of them not sealed", file=sys.stderr)

    def window(self, routes):
        if self.lab.short:
            self.interleaved("window end", {"ecluse": self.lab.short[0]}, 1,
                             lambda route: measure.window_end(route, self.lab.short[1]))

    def cut(self, routes):
        route = routes.get("ecluse")
        if not route or not self.lab.cut_command:
            return
        self.interleaved("cut", {"ecluse": route}, self.arguments.reps,
                         lambda one: measure.cut_latency(one, self.lab.cut_command))

    def play(self):
        self.lab = Lab(self.arguments)
        try:
            routes = self.lab.start()
            for name in self.arguments.tests.split(","):
                getattr(self, name.replace("-", "_"))(routes)
        finally:
            self.lab.stop()


def judge(results):
    """(rows of the table, number of missed bars)."""
    rows, missed = [], 0
    for figure, (unit, less, bars) in FIGURES.items():
        values = results.get(figure)
        if not values:
            continue
        row = [f"{figure} ({unit})"] + [f"{values[name]:.1f}" if name in values else "-"
                                        for name in ("direct", "classic", "ecluse")]
        said = []
        for against in ("direct", "classic"):
            if "ecluse" not in values or not values.get(against):
                row.append("-")
                continue
            ratio = values["ecluse"] / values[against]
            row.append(f"{ratio:.2f}")
            bar = dict(bars).get(against)
            if bar is not None:
                met = ratio <= bar if less else ratio >= bar
                missed += not met
                said.append(f"{'≤' if less else '≥'} {bar} {against}: {'met' if met else 'MISSED'}")
        rows.append(row + ["; ".join(said)])
    for figure, (unit, bar) in ABSOLUTE.items():
        values = results.get(figure)
        if not values:
            continue
        row = [f"{figure} ({unit})" if unit else figure] + [f"{values[name]:.2f}" if name in values else "-"
                                                            for name in ("direct", "classic", "ecluse")]
        said = ""
        if "ecluse" in values:
            met = values["ecluse"] <= bar
            missed += not met
            said = f"≤ {bar}: {'met' if met else 'MISSED'}"
        rows.append(row + ["-", "-", said])
    return rows, missed


def print_table(rows, run):
    print(f"\n{time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors, {run.arguments.cipher}, "
          f"classic bastion recording with {run.lab.recorder}. Only ratios mean anything.\n")
    print("| figure | direct | classic | Écluse | vs direct | vs classic | bar |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    for fault in run.faults:
        print(f"fault: {fault}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", metavar="HOST:PORT", help="a gateway that runs already")
    parser.add_argument("--account", action="append", default=[], metavar="LOGIN,KEY[,SECRET]",
                        help="somebody it admits (login+asset); repeat: a TOTP step serves once per person")
    parser.add_argument("--root", action="append", type=int, default=[], metavar="PID",
                        help="a daemon of the gateway; its children count as well")
    parser.add_argument("--askpass", help="another program that answers the gateway's question")
    parser.add_argument("--cut-command", help="a command line that cuts the sessions of the gateway")
    parser.add_argument("--gateway-start", metavar="CMD", help="a program that starts one: see README.md")
    parser.add_argument("--tests", default="transfers,set-up,echo,memory,cut,window,stall,idle")
    parser.add_argument("--cipher", default="aes128-gcm@openssh.com")
    parser.add_argument("--kex", default="curve25519-sha256", help="the same for all routes; empty: the client's")
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--sftp-mib", type=int, default=256)
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=4000, help="echoes")
    parser.add_argument("--idle-measured", type=int, default=20, help="sessions whose memory is measured")
    parser.add_argument("--idle", type=int, default=500, help="sessions open at once")
    parser.add_argument("--stall-rounds", type=int, default=67, help="of three transfers each")
    parser.add_argument("--stall-mib", type=int, default=16)
    parser.add_argument("--rekey", default="4M")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it work at all")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--keep", action="store_true", help="keep the working folder")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.mib, arguments.sftp_mib, arguments.reps, arguments.connections = 64, 32, 1, 3
        arguments.rounds, arguments.idle_measured, arguments.idle = 400, 3, 10
        arguments.stall_rounds, arguments.stall_mib = 2, 8
    return arguments


def main():
    if not shutil.which("ssh"):
        sys.exit("bench: ssh is missing (openssh-client)")
    run = Run(parse())
    run.play()
    rows, missed = judge(run.results)
    print_table(rows, run)
    if run.arguments.json:
        with open(run.arguments.json, "w", encoding="utf-8") as file:
            json.dump({"results": run.results, "faults": run.faults}, file, indent=1)
    return 1 if missed or run.faults else 0


if __name__ == "__main__":
    sys.exit(main())

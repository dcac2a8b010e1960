#!/usr/bin/env python3
"""Écluse over RDP against a direct connection and FreeRDP's own proxy, in one run, on loopback: see README.md."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import measure
import world

# figure, unit, [(comparison with, bar at most)], bar on Écluse alone (at most).
FIGURES = {
    "CPU": ("s", [("stock", 5.0)], None),
    "CPU idle": ("s", [], None),
    "recording": ("MB/min", [], 1.0),
    "recording idle": ("MB/min", [], 0.06),
    "first picture": ("s", [("direct", 1.4)], None),
    "memory": ("MiB/session", [], 80),
    "many: missing": ("", [], 0),
    "many: first picture, median": ("s", [], None),
    "many: first picture, worst": ("s", [], None),
    "lost by kill -9": ("s", [], 1.0),
    "cut": ("ms", [], 500),
}


class Route:
    """A way to the target. `words(account)` is what the client is told; `roots` are the processes that cost."""

    def __init__(self, name, words, roots=()):
        self.name, self.words, self.roots = name, words, list(roots)


class Run:
    def __init__(self, arguments):
        self.arguments = arguments
        self.results, self.faults, self.stoppable = {}, [], []
        self.folder = tempfile.mkdtemp(prefix="ecluse-bench-rdp-")
        # xrdp's people must be able to come through to their homes.
        os.chmod(self.folder, 0o711)
        self.gateway = None

    def keep(self, figure, route, values):
        value = self.results.setdefault(figure, {})[route.name] = statistics.median(values)
        print(f"bench: {figure}, {route.name}: {value:.3f}", file=sys.stderr, flush=True)

    def started(self, thing):
        self.stoppable.append(thing)
        return thing

    def routes(self):
        target = self.started(world.Target(os.path.join(self.folder, "target"), max(2, self.arguments.many)))
        self.screen = self.started(world.Screen(self.folder, 1280, 800))
        self.target = target
        def login(account):
            return [f"/u:{account}", f"/p:{target.password}"]
        routes = [Route("direct", lambda account: [f"/v:127.0.0.1:{target.port}", *login(account)])]
        proxy = self.started(world.StockProxy(os.path.join(self.folder, "stock"), target))
        routes.append(Route("stock", lambda account: [f"/v:127.0.0.1:{proxy.port}", "/sec:tls", *login(account)],
                            [proxy.process.pid]))
        if self.arguments.gateway_start:
            routes.append(self.start_gateway(target))
        return routes

    def start_gateway(self, target):
        environment = {**os.environ, "ECLUSE_BENCH_FOLDER": self.folder, "ECLUSE_BENCH_TARGET_PORT": str(target.port),
                       "ECLUSE_BENCH_TARGET_CERTIFICATE": target.certificate,
                       "ECLUSE_BENCH_TARGET_PASSWORD": target.password,
                       "ECLUSE_BENCH_ACCOUNTS": str(max(2, self.arguments.many))}
        process = self.gateway = subprocess.Popen(
            world.tied(["bash", "-c", self.arguments.gateway_start]), env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        if not line:
            raise world.Failed("the gateway did not start")
        self.facts = json.loads(line)

        def words(account):
            # One ticket per connection, asked before the clock starts.
            ticket = subprocess.run(["bash", "-c", self.facts["ticket"], "ticket", account], check=True,
                                    capture_output=True, text=True).stdout.strip()
            return [ticket, f"/v:127.0.0.1:{self.facts['port']}", "/p:"]
        return Route("ecluse", words, self.facts["roots"])

    def client(self, route, account="desk1", **place):
        words = route.words(account)
        return world.Client(place.pop("screen", self.screen), words, **place)

    def seen(self, route, account="desk1", **place):
        """A client that shows the desktop, and the seconds that took."""
        client = self.client(route, account, **place)
        try:
            return client, client.first_picture()
        except world.Failed:
            client.stop()
            raise

    def warm_up(self, routes):
        # xrdp's own start of a desktop is nobody's figure: the session is there before, and everybody comes back to it.
        client, _ = self.seen(routes[0])
        client.stop()

    def interleaved(self, figure, routes, repetitions, once):
        values = {route.name: [] for route in routes}
        for _ in range(repetitions):
            for route in routes:
                try:
                    values[route.name].append(once(route))
                except (world.Failed, OSError, subprocess.SubprocessError) as error:
                    self.faults.append(f"{figure}, {route.name}: {error}")
        for route in routes:
            if values[route.name]:
                self.keep(figure, route, values[route.name])

    def picture(self, routes):
        def once(route):
            client, took = self.seen(route)
            client.stop()
            return took
        self.interleaved("first picture", routes, self.arguments.reps, once)

    def minute(self, routes, figure, seconds, play):
        """CPU and bytes of one session from before its start to after its end."""
        for route in routes:
            if not route.roots:
                continue
            try:
                recordings = self.recordings(route)
                before, bytes_before = measure.cpu_s(route.roots), measure.folder_bytes(recordings) if recordings else 0
                client, _ = self.seen(route)
                play(seconds)
                # What runs now, and what was waited for: a process that nobody waits for is counted while it lives.
                during = measure.cpu_s(route.roots)
                client.stop()
                self.settle(route)
                cpu = max(during, measure.cpu_s(route.roots)) - before
                self.keep("CPU" + figure, route, [cpu])
                if recordings:
                    size = (measure.folder_bytes(recordings) - bytes_before) / 1e6 * 60 / seconds
                    self.keep("recording" + figure, route, [size])
            except (world.Failed, OSError, subprocess.SubprocessError) as error:
                self.faults.append(f"minute{figure}, {route.name}: {error}")

    def recordings(self, route):
        return self.facts["recordings"] if route.name == "ecluse" else None

    def settle(self, route):
        """Until the session's processes are gone."""
        world.wait_for(lambda: measure.tree(route.roots) == set(route.roots), f"end of {route.name}'s session", 20)

    def typical(self, routes):
        self.minute(routes, "", self.arguments.seconds, lambda seconds: measure.play(self.screen, seconds))

    def idle(self, routes):
        self.minute(routes, " idle", self.arguments.seconds, time.sleep)

    def many(self, routes):
        """Everybody at once; a small window each, on one wide screen."""
        count, size = self.arguments.many, (640, 480)
        wide = self.started(world.Screen(self.folder, size[0] * 5, size[1] * ((count + 4) // 5)))
        # The start of a desktop is xrdp's own affair: all of them are there before anybody is measured.
        for index in range(count):
            client, _ = self.seen(routes[0], f"desk{index + 1}", screen=wide, size=size)
            client.stop()
        for route in routes:
            clients, times, missing = [], [], 0
            before = measure.pss_mib(route.roots)
            places = [((index % 5) * size[0], (index // 5) * size[1]) for index in range(count)]
            accounts = [f"desk{index + 1}" for index in range(count)]
            words = [route.words(account) for account in accounts]
            for told, place in zip(words, places):
                clients.append(world.Client(wide, told, size=size, place=place))
            waiting = set(range(count))
            end = time.monotonic() + self.arguments.many_limit
            while waiting and time.monotonic() < end:
                for index in list(waiting):
                    if clients[index].shows_desktop():
                        times.append(time.monotonic() - clients[index].started)
                        waiting.discard(index)
                    elif clients[index].process.poll() is not None:
                        waiting.discard(index)
                        missing += 1
                time.sleep(0.01)
            missing += len(waiting)
            self.keep("many: missing", route, [missing])
            if missing:
                with open(clients[0].log, encoding="utf-8", errors="replace") as file:
                    self.faults.append(f"many, {route.name}: {missing} of {count} missing; {file.read()[-300:]}")
            if times:
                self.keep("many: first picture, median", route, [statistics.median(times)])
                self.keep("many: first picture, worst", route, [max(times)])
            if route.roots and count > missing:
                self.keep("memory", route, [(measure.pss_mib(route.roots) - before) / (count - missing)])
            for client in clients:
                world.stop(client.process)
            time.sleep(1)

    def cut(self, routes):
        for route in (route for route in routes if route.name == "ecluse"):
            def once(one):
                client, _ = self.seen(one)
                try:
                    start = time.monotonic()
                    with subprocess.Popen(["bash", "-c", self.facts["cut"]], stdout=subprocess.DEVNULL) as order:
                        world.wait_for(lambda: client.process.poll() is not None, "end of the client", 30, 0.001)
                        took = time.monotonic() - start
                        if order.wait() != 0:
                            raise world.Failed("the order to cut failed")
                    return 1000 * took
                finally:
                    client.stop()
            self.interleaved("cut", [route], self.arguments.reps, once)

    def kill(self, routes):
        """The worker and its encoder die at once; how much of the last seconds is on disk?"""
        for route in (route for route in routes if route.name == "ecluse"):
            def once(one):
                client, _ = self.seen(one)
                try:
                    measure.play(self.screen, 6)
                    killed = time.time()
                    for process in measure.tree(one.roots) - set(one.roots):
                        os.kill(process, 9)
                    world.wait_for(lambda: client.process.poll() is not None, "end of the client", 30, 0.01)
                    self.settle(one)
                    last = float(subprocess.run(["bash", "-c", self.facts["last_recorded"]], check=True,
                                                capture_output=True, text=True).stdout)
                    return max(0.0, killed - last)
                finally:
                    client.stop()
            self.interleaved("lost by kill -9", [route], self.arguments.reps, once)

    def play(self):
        try:
            routes = [route for route in self.routes() if route.name in self.arguments.routes.split(",")]
            self.warm_up(routes)
            for name in self.arguments.tests.split(","):
                getattr(self, name)(routes)
        finally:
            if self.gateway:
                self.gateway.stdin.close()
                try:
                    self.gateway.wait(30)
                except subprocess.TimeoutExpired:
                    self.gateway.kill()
            for thing in reversed(self.stoppable):
                thing.stop()
            if self.arguments.keep:
                print(f"bench: kept {self.folder}", file=sys.stderr)
            else:
                shutil.rmtree(self.folder, ignore_errors=True)


def report(results, faults):
    """Prints the table; returns how many bars were missed."""
    missed = 0
    print(f"\n{time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors, 1280x800, 32 bit. Only ratios mean anything.\n")
    print("| figure | direct | stock proxy | Écluse | vs direct | vs stock | bar |")
    print("|---|---|---|---|---|---|---|")
    for figure, (unit, bars, limit) in FIGURES.items():
        values = results.get(figure)
        if not values:
            continue
        row = [f"{figure} ({unit})" if unit else figure]
        row += [f"{values[name]:.2f}" if name in values else "-" for name in ("direct", "stock", "ecluse")]
        ratios, said = {}, []
        for against in ("direct", "stock"):
            # Processes' time is counted in hundredths: below that there is nothing to divide by.
            if "ecluse" in values and values.get(against, 0) >= 0.01:
                ratios[against] = values["ecluse"] / values[against]
            row.append(f"{ratios[against]:.2f}" if against in ratios else "-")
        for against, bar in bars:
            if against in ratios:
                missed += ratios[against] > bar
                said.append(f"≤ {bar} {against}: {'met' if ratios[against] <= bar else 'MISSED'}")
        if limit is not None and "ecluse" in values:
            missed += values["ecluse"] > limit
            said.append(f"≤ {limit}: {'met' if values['ecluse'] <= limit else 'MISSED'}")
        print("| " + " | ".join([*row, "; ".join(said)]) + " |")
    for fault in faults:
        print(f"fault: {fault}")
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway-start", metavar="CMD", help="a program that starts a gateway: see README.md")
    parser.add_argument("--tests", default="picture,typical,idle,cut,kill,many")
    parser.add_argument("--routes", default="direct,stock,ecluse")
    parser.add_argument("--seconds", type=int, default=60, help="of the typical and of the idle minute")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--many", type=int, default=20, help="sessions at once")
    parser.add_argument("--many-limit", type=int, default=180, help="seconds until all must be there")
    parser.add_argument("--quick", action="store_true", help="small: does it work at all")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--keep", action="store_true", help="keep the working folder")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.seconds, arguments.reps, arguments.many = 8, 1, 2
    run = Run(arguments)
    try:
        run.play()
    except world.Failed as error:
        run.faults.append(str(error))
    missed = report(run.results, run.faults)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"results": run.results, "faults": run.faults}, file, indent=1)
    sys.exit(1 if missed or run.faults else 0)


if __name__ == "__main__":
    main()

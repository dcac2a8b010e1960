#!/usr/bin/env python3
"""Opening recordings of two hours at any second, and verifying them (see README.md)."""
import argparse
import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{ROOT}/tests/browser")
from replay_host import Folder, Host, Recording  # noqa: E402
from terminal_programs import PROGRAMS, repeated, run  # noqa: E402

# Two hours pass for the recorder while it writes: its checkpoints are as many as theirs.
CLOCK = {"LD_PRELOAD": "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "FAKETIME": "+0 x17000", "DONT_FAKE_MONOTONIC": "0"}
HOURS_US = 2 * 3600 * 1_000_000


def two_hours(frames, bytes_wanted):
    """As often as it takes, at the pace of two hours: bursts stay bursts, the pauses between them grow."""
    output = sum(len(text) for _, kind, text in frames if kind == "o")
    frames = repeated(frames, max(1, round(bytes_wanted / output)))
    busy = [min(b[0] - a[0], 200_000) for a, b in zip(frames, frames[1:])]
    pauses = sum(1 for a, b in zip(frames, frames[1:]) if b[0] - a[0] > 200_000 or b[1] == "i")
    stretch = max(0, HOURS_US - sum(busy)) // max(1, pauses)
    at, slow = 0, [[0, *frames[0][1:]]]
    for gap, a, b in zip(busy, frames, frames[1:]):
        at += gap + (stretch if b[0] - a[0] > 200_000 or b[1] == "i" else 0)
        slow.append([at, b[1], b[2]])
    return slow


def middle(values):
    return sorted(values)[len(values) // 2]


def terminal(asked):
    once = run(*PROGRAMS.values())
    frames = two_hours(once, asked.megabytes * 1_000_000)
    with Folder() as folder:
        # Nothing in it is repeated by us: repetitions cost an archiver nothing.
        sizes(Recording(asked.bin, folder, "terminal", frames=once), once, folder)
    with Folder() as folder:
        recording = Recording(asked.bin, folder, "terminal", frames=frames, clock=CLOCK)
        host = Host(recording, folder)
        try:
            found = host.run(f"{ROOT}/bench/replay/seek.mjs", what="terminal", seconds=asked.seeks)
        finally:
            host.close()
        ratios = [one["opened"] / one["replayed"] for one in found["seeks"]]
        print(f"terminal: {found['bytes'] / 1e6:.1f} MB of output in {found['length_s'] / 3600:.2f} h, {found['snapshots']} snapshots of {found['snapshot_bytes'] / 1000:.0f} kB in all; first piece {host.requests[0]['bytes'] / 1e6:.1f} MB in {host.requests[0]['ms']:.0f} ms, verification included")
        opened, replayed = [one["opened"] for one in found["seeks"]], [one["replayed"] for one in found["seeks"]]
        print(f"  {len(ratios)} random seconds: opened in {middle(opened):.0f} ms (worst {max(opened):.0f}), replayed from the beginning in {middle(replayed):.0f} ms (worst {max(replayed):.0f})")
        print(f"  sum of the one over sum of the other {sum(opened) / sum(replayed):.3f}; ratio of each: median {middle(ratios):.3f}, worst {max(ratios):.2f} (bar 0.2)")
        verification(asked.bin, recording)


def sizes(recording, frames, folder):
    """Against what it would be without evidence: an asciicast, compressed as a whole."""
    cast = f"{folder}/session.cast"
    with open(cast, "w") as file:
        file.write(json.dumps({"version": 2, "width": 80, "height": 24}) + "\n")
        for us, kind, text in frames:
            file.write(json.dumps([us / 1e6, kind, text]) + "\n")
    subprocess.run(["zstd", "-q", "-3", cast], check=True)
    compressed = os.path.getsize(cast + ".zst")
    parts = {name: os.path.getsize(f"{recording.path}/{name}") for name in sorted(os.listdir(recording.path))}
    total = sum(parts.values())
    print(f"size of {sum(len(text) for _, kind, text in frames if kind == 'o') / 1e6:.2f} MB of output in {frames[-1][0] / 1e6:.0f} s: {total / 1e6:.2f} MB ({', '.join(f'{name} {size / 1e6:.2f}' for name, size in parts.items() if size > 20_000)}); the asciicast {os.path.getsize(cast) / 1e6:.2f} MB, by zstd {compressed / 1e6:.2f} MB: {total / compressed:.2f} times (bar 1.15)")


def timed(*words):
    began = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def verification(programs, recording, turns=5):
    files = [f"{recording.path}/{one}" for one in sorted(os.listdir(recording.path))]
    ours, sums, shell = [], [], []
    for turn in range(turns):
        ours.append(timed(f"{programs}/ecluse-verify", "--not-countersigned", recording.path))
        sums.append(timed("sha256sum", *files))
        if turn == 0:
            shell.append(timed("sh", f"{ROOT}/recorder/verify/verifier.sh", "-n", recording.path))
    print(f"  verification of {recording.size() / 1e6:.1f} MB: ecluse-verify {middle(ours) * 1000:.0f} ms, sha256sum {middle(sums) * 1000:.0f} ms: {middle(ours) / middle(sums):.2f} times (bar 1.5)")
    for seconds in shell:
        print(f"  verifier.sh {seconds:.1f} s")


def desktop(asked):
    with Folder() as folder:
        recording = Recording(asked.bin, folder, "desktop", "7200", clock=CLOCK)
        host = Host(recording, folder)
        try:
            found = host.run(f"{ROOT}/bench/replay/seek.mjs", what="desktop", seconds=asked.seeks)
        finally:
            host.close()
        counts = [one["requests"] for one in found["seeks"]]
        times = [one["ms"] for one in found["seeks"]]
        print(f"desktop: {found['length_s'] / 3600:.2f} h, {recording.size() / 1e6:.0f} MB; {len(counts)} random seconds: at most {max(counts)} requests each (bar 2), shown in {middle(times):.0f} ms (worst {max(times):.0f})")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bin", default="build/ci/bin")
    options.add_argument("--megabytes", type=float, default=5)
    options.add_argument("--seeks", type=int, default=20)
    options.add_argument("what", nargs="*", default=["terminal", "desktop"])
    asked = options.parse_args()
    for what in asked.what:
        {"terminal": terminal, "desktop": desktop}[what](asked)


if __name__ == "__main__":
    main()

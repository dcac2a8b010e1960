#!/usr/bin/env python3
"""snapshots.py PROGRAMS: vim, top, less, tmux, long logs and changes of size in a real terminal, several times over.
Wherever ecluse-replay lets a page begin, Chromium's terminal shows after snapshot and rest what it shows after the whole."""
import os
import sys

from replay_host import Folder, Host, Recording
from terminal_programs import PROGRAMS, repeated, run

here = os.path.dirname(os.path.abspath(__file__))
moments = 40
snapshots_min = 30


def main():
    frames = repeated(run(*PROGRAMS.values()), 3)
    with Folder() as folder:
        host = Host(Recording(sys.argv[1], folder, "terminal", frames=frames), folder)
        try:
            found = host.run(f"{here}/snapshots.mjs", every=len(frames) // moments or 1)
        finally:
            host.close()
    print(f"{found['bytes']} bytes, {found['snapshots']} snapshots, {found['wrong']} of them wrong; {found['moments']} moments looked at, {found['differing']} differ")
    sys.exit(found["wrong"] != 0 or found["differing"] != 0 or found["snapshots"] < snapshots_min)


if __name__ == "__main__":
    main()

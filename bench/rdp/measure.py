"""What is read from the machine: CPU, memory, files; and the script that a technician plays."""
import os
import random
import time

TICK = os.sysconf("SC_CLK_TCK")


def parents():
    """{process: its parent}"""
    table = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                table[int(name)] = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            pass
    return table


def tree(roots):
    """These processes and all that descends from them."""
    table, found = parents(), set(roots)
    grown = True
    while grown:
        more = {child for child, parent in table.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found


def cpu_s(roots):
    """CPU of these processes, of what descends from them, and of all that they have waited for."""
    total = 0
    for process in tree(roots):
        try:
            with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
        except OSError:
            pass
    return total / TICK


def pss_mib(roots):
    total = 0
    for process in tree(roots):
        try:
            with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except OSError:
            pass
    return total / 1024


def folder_bytes(folder):
    return sum(os.path.getsize(os.path.join(where, name)) for where, _, names in os.walk(folder) for name in names)


def play(screen, seconds):
    """A minute of maintenance: typing, listings, scrolling, mouse. The same steps in the same order for every route,
    paced by the clock so that a slow route does not play a shorter piece."""
    dice = random.Random(7)
    start = time.monotonic()
    sentences = ["ls -l /usr/bin | head -60", "echo verification du lecteur numero 7", "seq 1 400",
                 "cat /etc/passwd", "ls -R /etc/xrdp | tail -80", "date ; uptime", "seq 1 2000 | column"]
    beat, step = 2.5, 0
    while time.monotonic() - start < seconds:
        screen.tool("xdotool", "mousemove", str(dice.randrange(60, 800)), str(dice.randrange(80, 520)), "click", "1")
        screen.tool("xdotool", "type", "--delay", "40", sentences[step % len(sentences)])
        screen.tool("xdotool", "key", "Return")
        for _ in range(3):
            screen.tool("xdotool", "mousemove", str(dice.randrange(60, 1200)), str(dice.randrange(80, 700)))
        # The wheel's way back in the terminal's history.
        screen.tool("xdotool", "mousemove", "400", "300", "click", "--repeat", "3", "4", "click", "--repeat", "3", "5")
        step += 1
        time.sleep(max(0.0, min(start + step * beat, start + seconds) - time.monotonic()))
    # An empty terminal for whoever comes next: they wait for its paper.
    screen.tool("xdotool", "type", "--delay", "20", "clear")
    screen.tool("xdotool", "key", "Return")

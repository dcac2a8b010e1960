"""Real programs in a real terminal, and what they sent: frames [microseconds, kind, text] as a recording has them."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCE = f"{ROOT}/recorder/verify/verify.cpp"


class Terminal:
    """A shell in a pty; keys go in, frames come out."""

    def __init__(self, columns=80, rows=24):
        self.frames, self.began = [], time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", PS1="\\[\\e]0;essai\\a\\]\\[\\e[1;32m\\]moi\\[\\e[0m\\]$ ", LC_ALL="C.UTF-8", PAGER="less", LESS="", HISTFILE="/dev/null", TMUX="")
            os.execvp("bash", ["bash", "--norc", "-i"])
        self.resize(columns, rows)
        self.tail = b""

    def add(self, kind, text):
        self.frames.append([int((time.monotonic() - self.began) * 1e6), kind, text])

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.add("r", f"{columns}x{rows}")

    def read(self, seconds):
        """What comes until nothing came for so long; some programs never rest."""
        until = time.monotonic() + seconds + 2
        while time.monotonic() < until and select.select([self.fd], [], [], seconds)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return
            # Whole characters: a line of JSON holds no half of one.
            data = self.tail + data
            whole = len(data)
            while whole and whole > len(data) - 4 and (data[whole - 1] & 0xC0) == 0x80:
                whole -= 1
            if whole and data[whole - 1] >= 0xC0:
                whole -= 1
            try:
                data.decode()
                whole = len(data)
            except UnicodeDecodeError:
                pass
            self.tail = data[whole:]
            self.add("o", data[:whole].decode(errors="replace"))

    def type(self, keys, pause=0.15):
        self.add("i", keys)
        os.write(self.fd, keys.encode())
        self.read(pause)

    def leave(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def logs(t):
    t.type("ls -la --color=always /usr/bin | head -n 1500\r", 0.5)
    t.type("for i in $(seq 1 3000); do printf '%05d \\e[3%dmservice %s: ligne de journal n° %d, état « ok »\\e[0m\\n' $i $((i%8)) $RANDOM $i; done\r", 1)
    t.type("grep -rn --color=always ecluse " + ROOT + "/docs | head -n 800\r", 0.5)
    t.type("printf '\\e(0lqqqk\\e(B 漢字 e\\u0301 \\e[4:3mondulé\\e[0m\\n'; echo -n $'\\e]0;journal\\a'\r", 0.3)


def vim(t):
    t.type(f"vi -u NONE -N -i NONE -c 'syntax on' -c 'set number hlsearch' {SOURCE}\r", 1)
    for keys in ["\x06", "\x06", "/fault\r", "n", "n", "N", "G", "gg", "10j", "dd", "p", "iune ligne écrite ici\x1b", "u", ":split\r", "\x17w", "\x04", "\x04", ":vsplit\r", "\x15", "\x06", ":set list\r", "zz", "\x0c"] * 4:
        t.type(keys)
    t.type(":qa!\r", 0.5)


def top(t):
    t.type("top -d 0.2\r", 0.6)
    for keys in ["c", "V", "1", "m", "z", "x", "b", "<", ">"]:
        t.type(keys, 0.3)
    t.type("q", 0.4)


def less(t):
    t.type(f"less -N {SOURCE}\r", 0.5)
    for keys in [" ", " ", "/Verdict\r", "n", "N", "b", "d", "u", "y", "y", "k", "G", "g", "&fault\r", "&\r", "50%", "\x0c"] * 4:
        t.type(keys, 0.12)
    t.type("q", 0.3)


def tmux(t):
    t.type("tmux -L essai -f /dev/null new-session\r", 1)
    for keys in ["ls --color -la /etc\r", "\x02%", "seq 1 200\r", "\x02\"", f"less {SOURCE}\r", " ", " ", "\x02o", "clear\r", "echo fini\r", "\x02[", "\x1b[5~", "q"]:
        t.type(keys, 0.4)
    subprocess.run(["tmux", "-L", "essai", "kill-server"], check=False, capture_output=True)
    t.read(0.5)


def sizes(t):
    t.resize(100, 30)
    t.read(0.3)
    t.type("clear; seq 1 400\r", 0.4)
    t.resize(60, 20)
    t.type("less /etc/services\r", 0.4)
    t.type(" ", 0.2)
    t.resize(90, 28)
    t.type(" ", 0.3)
    t.type("q", 0.3)
    t.type("clear; for i in $(seq 1 2000); do echo \"encore une ligne qui passe $i\"; done\r", 0.5)


PROGRAMS = {"logs": logs, "vim": vim, "top": top, "less": less, "tmux": tmux, "sizes": sizes}


def run(*programs, columns=80, rows=24):
    t = Terminal(columns, rows)
    t.read(0.5)
    for program in programs:
        program(t)
    t.type("exit\r", 0.5)
    t.leave()
    return t.frames


def repeated(frames, times):
    """The same again, later: each time in the shell that the last one left."""
    length = frames[-1][0] + 1_000_000
    return [[us + turn * length, kind, text] for turn in range(times) for us, kind, text in frames]

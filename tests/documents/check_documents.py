#!/usr/bin/env python3
"""check_documents.py [ROOT]: what the documents name exists.

Files of ARCHITECTURE.md and trust.md; commands, options, settings and codes of the French pages and the
README; requests of requests.md. Prints one line per fault.
"""
import pathlib
import re
import shlex
import sys

from commands import find, read_commands

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if len(sys.argv) <= 1:
    ROOT = ROOT.parent.parent.parent
faults = []


def fault(path, line, what):
    faults.append(f"{path.relative_to(ROOT)}:{line}: {what}")


def spans(path):
    """(line number, text) of what stands between backticks outside code blocks."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.startswith("    "):
            for span in re.findall(r"`([^`]+)`", line):
                yield number, span


# --- files -----------------------------------------------------------------------------------
# What exists only where the product runs.
RUNTIME = ("run/", "state/", "recordings/", "journal/", "journal.log", "/", "listen.sock", "recorder.sock", "operator.sock")
SUFFIX = re.compile(r"\.(cpp|h|md|sh|py|in|json|txt|tsv|cmake|toml)$")


def exists(base, span):
    return any((base / (span + end)).exists() for end in ("", ".cpp", ".h"))


def check_files(path):
    folder = ROOT
    for number, span in spans(path):
        if not re.fullmatch(r"[A-Za-z0-9_.][A-Za-z0-9_./@-]*", span) or span.startswith(RUNTIME):
            continue
        if "/" not in span and not SUFFIX.search(span):
            continue
        # "`gateway/ssh/front.cpp`, `authentication.cpp`": the second is beside the first.
        for base in (ROOT, path.parent, folder, folder.parent):
            if exists(base, span):
                folder = base / span if (base / span).is_dir() else (base / span).parent
                break
        else:
            fault(path, number, f"no such file: {span}")


# --- commands --------------------------------------------------------------------------------
def blocks(path):
    """Lines of code blocks, continued ones joined."""
    pending, start, fenced = "", 0, False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    ") or pending:
            pending, start = pending + line.strip(), start or number
            if pending.endswith("\\"):
                pending = pending[:-1]
                continue
            yield start, pending
            pending, start = "", 0


def check_command(commands, path, number, typed, complete):
    typed = re.sub(r"\[([^\]]*)\]", r"\1", typed)
    try:
        words = shlex.split(typed, comments=True)
    except ValueError as error:
        return fault(path, number, f"{typed}: {error}")
    words = words[: next((i for i, w in enumerate(words) if w in ("|", ">", "&&", ";", "<")), len(words))]
    names = []
    rest = list(words)
    while rest and rest[0].startswith("--"):
        del rest[: 2 if rest[0] in ("--as", "--root", "--lang") else 1]
    names = rest[:2]
    if not names or names[0] in ("OBJET", "OBJECT"):
        return None
    command = find(commands, names)
    if not command:
        return fault(path, number, f"no such command: eclusectl {' '.join(names)}")
    why = command.fault(rest[len(command.words) :], complete and "--help" not in words)
    if why:
        fault(path, number, f"eclusectl {' '.join(command.words)}: {why}")
    return None


def check_commands(commands, path):
    count = 0
    for number, line in blocks(path):
        found = re.match(r"(?:\$ |# )?(?:sudo )?eclusectl (.+)", line)
        if found:
            count += 1
            check_command(commands, path, number, found.group(1), True)
    for number, span in spans(path):
        found = re.match(r"(?:sudo )?eclusectl ([a-z-].*)", span)
        if found:
            count += 1
            check_command(commands, path, number, found.group(1).rstrip("… "), False)
    return count


# --- daemons ---------------------------------------------------------------------------------
# Where each program reads its options.
OPTIONS = {
    "policyd": "policies/policyd/options.cpp",
    "recorder": "recorder/daemon/options.cpp",
    "listen": "gateway/listen/options.cpp",
    "verify": "recorder/verify/main.cpp",
}


def check_options(path):
    lines = [*blocks(path), *spans(path)]
    for number, line in lines:
        found = re.search(r"(?:^|/|=)ecluse-(\w+) (.*--.*)", line)
        if not found or found.group(1) not in OPTIONS:
            continue
        code = (ROOT / OPTIONS[found.group(1)]).read_text()
        for option in re.findall(r"(--[a-z-]+)", found.group(2)):
            if f'"{option}"' not in code:
                fault(path, number, f"ecluse-{found.group(1)} has no option {option}")


# --- settings and codes ----------------------------------------------------------------------
def sources(*patterns):
    return "\n".join(p.read_text(errors="replace") for pattern in patterns for p in sorted(ROOT.glob(pattern)))


def check_settings(path, known):
    for number, span in spans(path):
        if re.fullmatch(r"(site|ssh|windows|report|passwords|recording)\.[a-z_]+", span) and span not in known:
            fault(path, number, f"no such setting: {span}")


CODE = re.compile(r"\bE-[A-Z]{2,3}-[0-9]{2}\b")


def check_codes(path, known):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for code in CODE.findall(line):
            if code not in known:
                fault(path, number, f"no such code: {code}")


# --- who answers a command -------------------------------------------------------------------
def check_served(code):
    for path in sorted((ROOT / "policies" / "ctl").glob("commands_*.cpp")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            asked = re.search(r'\.request = "([a-z_.]+)"', line)
            if asked and f'"{asked.group(1)}"' not in code:
                fault(path, number, f"nobody serves {asked.group(1)}")


# --- faults and their tests ------------------------------------------------------------------
def test_names():
    names = set()
    for path in sorted((ROOT / "tests").rglob("*.cpp")):
        for case in re.findall(r'TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', path.read_text()):
            names.add("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', case)))
    for path in sorted((ROOT / "tests").rglob("*.py")):
        names.update(name.replace("_", " ") for name in re.findall(r"    def test_(\w+)", path.read_text()))
    return names


def check_faults(path):
    known, count = test_names(), 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        row = re.match(r"\| (?!fault )(.+) \| (.+) \|$", line)
        named = re.findall("« (.+?) »", line)
        if row and not named:
            fault(path, number, "a fault without a test")
        for name in named:
            count += 1
            if name not in known:
                fault(path, number, f"no such test: {name}")
    return count


# --- requests --------------------------------------------------------------------------------
def check_requests(path, code):
    section, count = "", 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        heading = re.match(r"## (\w+)\.", line)
        if heading:
            section = heading.group(1)
        row = re.match(r"\| `([a-z_.]+)`", line)
        pushes = re.findall(r"`([a-z_]+)`", line) if re.match(r"Push(es)? ", line) else []
        pushes = re.findall(r"(?:^Push(?:es)?:? |; )`([a-z_]+)`", line) if pushes else []
        if section in ("2", "3", "4"):
            for name in ([row.group(1)] if row else []) + pushes:
                count += 1
                if f'"{name}"' not in code:
                    fault(path, number, f"no such request: {name}")
    return count


def main():
    commands = read_commands(ROOT)
    french = sorted((ROOT / "docs" / "fr").glob("*.md"))
    for name in ("ARCHITECTURE.md", "trust.md"):
        check_files(ROOT / "docs" / name)
    typed = sum(check_commands(commands, path) for path in [ROOT / "README.md", *french])
    bindings = sources("policies/config/config_bindings.cpp")
    settings = set(re.findall(r'"([a-z]+\.[a-z_0-9]+)"', bindings))
    # What both doors have, under the name of each.
    settings |= {
        door + name
        for door in re.findall(r'bind_door\(all, "([a-z]+)"', bindings)
        for name in re.findall(r'door \+ "(\.[a-z_0-9]+)"', bindings)
    }
    catalogue = sources("i18n/fr.json")
    codes = set(CODE.findall(sources("policies/**/*.cpp", "gateway/**/*.cpp", "recorder/**/*.cpp") + catalogue))
    for path in french:
        check_options(path)
        check_settings(path, settings)
        check_codes(path, codes)
    guide = ROOT / "docs" / "fr" / "guide-intervenant.md"
    explained = set(CODE.findall(guide.read_text()))
    for code in sorted(set(CODE.findall(sources("policies/core/refusal.cpp"))) - explained):
        fault(guide, 1, f"the refusal {code} is not explained")
    named = check_faults(ROOT / "docs" / "faults.md")
    check_served(sources("policies/policyd/*.cpp"))
    asked = check_requests(ROOT / "docs" / "requests.md", sources("policies/policyd/*.cpp", "gateway/**/*.cpp", "recorder/daemon/*.cpp"))
    # A check that finds nothing to check proves nothing.
    for what, found, least in (("commands", len(commands), 60), ("typed commands", typed, 20), ("requests", asked, 15), ("tests of faults", named, 40)):
        if found < least:
            faults.append(f"only {found} {what} found")
    print("\n".join(faults))
    print(f"{len(commands)} commands, {typed} typed, {asked} requests, {len(faults)} faults", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Which clause is answered by what, and which test proves it.

    scripts/requirements.py            writes docs/requirements.md
    scripts/requirements.py --check    fails when that file is stale, a test names an unknown clause, or an
                                       answered clause has no test

Reads docs/clauses.tsv (id, state, behaviour) and the tests: tags such as [CLAUSIER:O-9.2] of a TEST_CASE,
and in scripts, comments such as `# clause: CLAUSIER:O-9.2`.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "clauses.tsv"
DOCUMENT = ROOT / "docs" / "requirements.md"

STATES = {
    "ssh": ("Answered", "The product answers these, and the tests named beside them prove it."),
    "unproven": (
        "Answered, not proven yet",
        "The code answers these; no test shows it yet. Each needs one before it counts.",
    ),
    "console": ("To come: portal and DSI console", "Served by the web part."),
    "rdp": ("To come: RDP", "Served by the RDP part."),
    "rssi": ("To come: RSSI", "Served by replay, search, retention and log feeds."),
    "later": ("To come: integrations and packaging", "Served by what joins the hospital's other systems."),
}
CLAUSE = re.compile(r"(?:CLAUSIER|CHM|WEB|HDS|SEGUR):[A-Za-z0-9.-]*[A-Za-z0-9]")
STRING = r'"(?:[^"\\]|\\.)*"'
TEST_CASE = re.compile(rf"TEST_CASE\(\s*((?:{STRING}\s*)+)(?:,\s*((?:{STRING}\s*)+))?\)")
COMMENT = re.compile(r"^\s*# clause: (.+)$", re.MULTILINE)


def unquote(literals):
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals)).replace('\\"', '"')


def read_clauses(table):
    clauses, faults = {}, []
    for number, line in enumerate(table.read_text().splitlines(), 1):
        cells = line.split("\t")
        if number == 1:
            if cells != ["id", "state", "behaviour"]:
                faults.append(f"{table.name}: the first line names the columns")
            continue
        if len(cells) != 3 or not all(cells) or not CLAUSE.fullmatch(cells[0]):
            faults.append(f"{table.name}:{number}: id, state and behaviour are expected")
        elif cells[1] not in STATES:
            faults.append(f"{table.name}:{number}: unknown state {cells[1]}")
        elif cells[0] in clauses:
            faults.append(f"{table.name}:{number}: {cells[0]} stands twice")
        else:
            clauses[cells[0]] = (cells[1], cells[2])
    return clauses, faults


def read_tests(root):
    """(clause, file, name of the test), in the order of the files."""
    found = []
    for path in sorted((root / "tests").rglob("*.cpp")):
        for name, tags in TEST_CASE.findall(path.read_text(errors="replace")):
            for tag in re.findall(r"\[([^\]]+)\]", unquote(tags)):
                if ":" in tag:
                    found.append((tag, path.relative_to(root), unquote(name)))
    scripts = [p for p in (root / "tests").rglob("*") if p.suffix in (".sh", ".py")]
    scripts += [p for p in (root / "demo.sh", root / "test.sh") if p.exists()]
    for path in sorted(scripts):
        for ids in COMMENT.findall(path.read_text(errors="replace")):
            for clause in ids.split():
                found.append((clause, path.relative_to(root), ""))
    return found


def render(clauses, tests):
    proofs = {}
    for clause, path, name in tests:
        if name not in proofs.setdefault(clause, {}).setdefault(str(path), []):
            proofs[clause][str(path)].append(name)
    lines = [
        "# Requirements",
        "",
        "The clauses of the French reference texts that the product itself must meet, what meets each, and the tests that show",
        "it. Written by `scripts/requirements.py` from `docs/clauses.tsv` and the tests; do not edit it by hand.",
        "",
        "| state | clauses |",
        "|---|---|",
    ]
    for state, (title, _) in STATES.items():
        count = sum(1 for known, _ in clauses.values() if known == state)
        if count:
            lines.append(f"| {title} | {count} |")
    for state, (title, meaning) in STATES.items():
        rows = [(clause, text) for clause, (known, text) in clauses.items() if known == state]
        if not rows:
            continue
        lines += ["", f"## {title}", meaning, ""]
        proven = state == "ssh" or any(clause in proofs for clause, _ in rows)
        lines += ["| clause | behaviour | tests |", "|---|---|---|"] if proven else ["| clause | behaviour |", "|---|---|"]
        for clause, text in rows:
            row = f"| {clause} | {text} |"
            if proven:
                cells = []
                for path, names in proofs.get(clause, {}).items():
                    named = "; ".join(name for name in names if name).replace("|", "\\|")
                    cells.append(f"`{path}`" + (f": {named}" if named else ""))
                row += f" {'<br>'.join(cells)} |"
            lines.append(row)
    return "\n".join(lines) + "\n"


def main(words):
    if words not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    clauses, faults = read_clauses(TABLE)
    tests = read_tests(ROOT)
    for clause, path, name in tests:
        if clause not in clauses:
            faults.append(f"{path}: {name}: unknown clause {clause}")
    tested = {clause for clause, _, _ in tests}
    for clause, (state, _) in clauses.items():
        if state == "ssh" and clause not in tested:
            faults.append(f"{clause}: answered, and no test says so")
        if state == "unproven" and clause in tested:
            faults.append(f"{clause}: a test proves it now; its state is ssh")
    document = render(clauses, tests)
    if not words:
        DOCUMENT.write_text(document)
        print(f"{DOCUMENT.relative_to(ROOT)}: {len(clauses)} clauses, {len(tests)} proofs")
    elif not DOCUMENT.exists() or DOCUMENT.read_text() != document:
        faults.append("docs/requirements.md is stale: run scripts/requirements.py")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

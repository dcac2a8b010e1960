#!/usr/bin/env python3
"""Which clause is answered by what, and which test proves it.

    scripts/requirements.py            writes docs/requirements.md and docs/conformite/proofs.tsv
    scripts/requirements.py --check    fails when one of those is stale, a test names an unknown clause, an
                                       answered clause has no test, or the French answers are not those of
                                       the same clauses in the same states

Reads docs/clauses.tsv (id, state, behaviour), docs/conformite/clauses.fr.tsv (what hospitals attach to a
tender) and the tests: tags such as [CLAUSIER:O-9.2] of a TEST_CASE, and in scripts, comments such as
`# clause: CLAUSIER:O-9.2`.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "clauses.tsv"
DOCUMENT = ROOT / "docs" / "requirements.md"
ANSWERS = ROOT / "docs" / "conformite" / "clauses.fr.tsv"
PROOFS = ROOT / "docs" / "conformite" / "proofs.tsv"

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


# "passwords.renew_days>=1": the setting, and what the clause asks of it.
DEMAND = re.compile(r"[a-z]+\.[a-z_]+(?:(?:>=|<=)\d+|(?:=|!=)\S+)?")
# A mark or a closing quote that would stand alone on a line.
BREAKS = re.compile(r" [:;?!»]|« ")


def answer_faults(clause, known, cells):
    """What is wrong with one French answer; `known` is the clause's state in docs/clauses.tsv."""
    state, title, answer, settings, page = cells
    if state not in ("answered", "partial", "coming"):
        yield f"{clause}: unknown state {state}"
    # What is partly done may be said of an answered clause; nothing may be said to be done before it is.
    elif (state == "answered" and known != "ssh") or (state == "coming" and known == "ssh"):
        yield f"{clause}: {state} in French, {known} in {TABLE.name}"
    if (state == "answered") == ("À venir" in answer):
        yield f"{clause}: what is to come is said where something is, and only there"
    if BREAKS.search(title + answer + page):
        yield f"{clause}: a space that may break before a mark"
    if settings != "-" and not all(DEMAND.fullmatch(one) for one in settings.split(", ")):
        yield f"{clause}: settings are not understood: {settings}"
    path = page.split("\u00a0")[0].split(" ")[0]
    if not any((ROOT / folder / path).is_file() for folder in ("docs/fr", ".")):
        yield f"{clause}: no such page: {path}"


def check_answers(clauses, faults):
    rows = [line.split("\t") for line in ANSWERS.read_text().splitlines()]
    if rows[0] != ["id", "state", "title", "answer", "settings", "page"]:
        faults.append(f"{ANSWERS.name}: the first line names the columns")
    seen = set()
    for number, cells in enumerate(rows[1:], 2):
        if len(cells) != 6 or not all(cells):
            faults.append(f"{ANSWERS.name}:{number}: six cells are expected")
        elif cells[0] not in clauses:
            faults.append(f"{ANSWERS.name}:{number}: unknown clause {cells[0]}")
        elif cells[0] in seen:
            faults.append(f"{ANSWERS.name}:{number}: {cells[0]} stands twice")
        else:
            seen.add(cells[0])
            faults += [f"{ANSWERS.name}:{number}: {fault}" for fault in answer_faults(cells[0], clauses[cells[0]][0], cells[1:])]
    faults += [f"{clause}: no answer in {ANSWERS.name}" for clause in clauses if clause not in seen]


def render_proofs(clauses, tests):
    lines = ["clause\tfile\ttest"]
    for clause in clauses:
        # One clause may be named by many lines of one script.
        lines += dict.fromkeys(f"{known}\t{path}\t{name or '-'}" for known, path, name in tests if known == clause)
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
    check_answers(clauses, faults)
    for written, text in ((DOCUMENT, render(clauses, tests)), (PROOFS, render_proofs(clauses, tests))):
        if not words:
            written.write_text(text)
            print(f"{written.relative_to(ROOT)}: {len(clauses)} clauses, {len(tests)} proofs")
        elif not written.exists() or written.read_text() != text:
            faults.append(f"{written.relative_to(ROOT)} is stale: run scripts/requirements.py")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

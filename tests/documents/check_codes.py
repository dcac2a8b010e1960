#!/usr/bin/env python3
"""check_codes.py [ROOT]: each refusal code means one thing, and each has a test.

A code is defined by a case of core/refusal.cpp or core/fault.cpp, or by the sentence that stands beside it
("E-AUT-01", TextKey::…). Prints one line per fault.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent.parent)
CODE = r"E-[A-Z]{2,3}-[0-9]{2}"
# One meaning that is said in several sentences, each where it happens.
SAID_TWICE = {
    "E-CTR-01": "contract not in date: at the door and on a request",
    "E-CTR-02": "asset outside the contract: at the door and on a request",
    "E-ENR-01": "recording unavailable: at the door and under a session",
    "E-FEN-03": "window over: at the door, at its end and closed early",
    "E-HOR-01": "clock not trusted: at the door and under a session",
}
# Lists every code, so it shows nothing about any of them.
LISTS_ALL = "tests/unit/core_codes.cpp"


def read(folders, ends):
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(errors="replace")
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in ends
    }


def main():
    sources = read(("policies", "gateway", "recorder", "common", "admin-web"), (".cpp", ".h"))
    tests = "\n".join(text for path, text in read(("tests",), (".cpp", ".py")).items()
                      if path != LISTS_ALL and not path.startswith("tests/documents/"))
    meanings, names, used = {}, {}, {}
    for path, text in sources.items():
        for code in re.findall(f'"({CODE})"', re.sub(r"//.*", "", text)):
            used.setdefault(code, path)
        for code, key in re.findall(f'"({CODE})",\\s*(?:\\.text = )?TextKey::(\\w+)', text):
            meanings.setdefault(code, set()).add(key)
    for kind in ("Refusal", "Fault"):
        text = sources[f"policies/core/{kind.lower()}.cpp"]
        for name, code in re.findall(kind + rf'::(\w+):\s*return "({CODE})"', text):
            meanings.setdefault(code, set()).add(f"{kind}::{name}")
            names.setdefault(code, []).append(f"{kind}::{name}")
    faults = []
    for code, path in sorted(used.items()):
        if len(meanings.get(code, ())) > 1 and code not in SAID_TWICE:
            faults.append(f"{path}: {code} has several meanings: {', '.join(sorted(meanings[code]))}")
        shown = re.search(rf"\b{code}\b", tests)
        shown = shown or any(re.search(rf"\b{name}\b", tests) for name in names.get(code, ()))
        if not shown:
            faults.append(f"{path}: {code} has no test")
    for code in sorted(set(SAID_TWICE) - set(used)):
        faults.append(f"{code} is said twice, and nobody says it")
    if len(used) < 60:
        faults.append(f"only {len(used)} codes found")
    print("\n".join(faults))
    print(f"{len(used)} codes, {len(faults)} faults", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

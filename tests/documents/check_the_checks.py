#!/usr/bin/env python3
"""The checks of this folder, tried on small trees with one fault each."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COPIED = ("docs", "i18n", "policies", "gateway", "recorder", "common", "scripts", "tests", "systemd", "cmake", "bench")
faults = []


def run(root, script, *words):
    done = subprocess.run(
        [sys.executable, "-B", root / script, *words], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def append(path, text):
    path.write_text(path.read_text() + text)


def replace(path, old, new):
    text = path.read_text()
    if old not in text:
        faults.append(f"{path.name}: {old!r} is not there to be damaged")
    path.write_text(text.replace(old, new, 1))


REQUIREMENTS = ("scripts/requirements.py", "--check")
DOCUMENTS = ("tests/documents/check_documents.py",)
CODES = ("tests/documents/check_codes.py",)
SECRETS = ("tests/documents/check_no_secrets.py", "{root}")
# What is damaged, which check must see it, and what it must say.
TRIALS = [
    (REQUIREMENTS, "unknown clause CHM:99.9", lambda r: append(
        r / "tests/unit/common_json.cpp", '\nTEST_CASE("x", "[CHM:99.9]") {}\n')),
    (REQUIREMENTS, "stale", lambda r: append(r / "docs/requirements.md", "\n")),
    (REQUIREMENTS, "answered, and no test says so", lambda r: replace(
        r / "docs/clauses.tsv", "CLAUSIER:O-4.1\tlater", "CLAUSIER:O-4.1\tssh")),
    (REQUIREMENTS, "stands twice", lambda r: append(r / "docs/clauses.tsv", "WEB:GP2\tssh\tAgain.\n")),
    (REQUIREMENTS, "unknown state", lambda r: append(r / "docs/clauses.tsv", "WEB:XX1\tsoon\tPerhaps.\n")),
    (REQUIREMENTS, "proofs.tsv is stale", lambda r: append(r / "docs/conformite/proofs.tsv", "\n")),
    (REQUIREMENTS, "WEB:GP2: no answer", lambda r: replace(
        r / "docs/conformite/clauses.fr.tsv", "WEB:GP2\t", "WEB:GP9\t")),
    (REQUIREMENTS, "unknown clause WEB:GP9", lambda r: replace(
        r / "docs/conformite/clauses.fr.tsv", "WEB:GP2\t", "WEB:GP9\t")),
    (REQUIREMENTS, "CLAUSIER:O-4.1: answered in French, later", lambda r: replace(
        r / "docs/conformite/clauses.fr.tsv", "CLAUSIER:O-4.1\tcoming", "CLAUSIER:O-4.1\tanswered")),
    (REQUIREMENTS, "what is to come is said", lambda r: replace(
        r / "docs/conformite/clauses.fr.tsv", "WEB:GP2\tanswered", "WEB:GP2\tpartial")),
    (REQUIREMENTS, "no such page: guide-nul.md", lambda r: replace(
        r / "docs/conformite/clauses.fr.tsv", "guide-rssi.md", "guide-nul.md")),
    (DOCUMENTS, "no such file: common/nowhere.h", lambda r: append(r / "docs/trust.md", "\n`common/nowhere.h`\n")),
    (DOCUMENTS, "no such command: eclusectl window slam", lambda r: append(
        r / "docs/fr/exploitation.md", "\nTapez `eclusectl window slam`.\n")),
    (DOCUMENTS, "no option --when", lambda r: append(
        r / "docs/fr/exploitation.md", '\n    eclusectl window close W-1 --reason "x" --when now\n')),
    (DOCUMENTS, "--reason is missing", lambda r: append(
        r / "docs/fr/exploitation.md", "\n    eclusectl window close W-1\n")),
    (DOCUMENTS, "not one of", lambda r: append(
        r / "docs/fr/exploitation.md", "\nTapez `eclusectl report list --state lost`.\n")),
    (DOCUMENTS, "ecluse-recorder has no option --warn", lambda r: append(
        r / "docs/fr/exploitation.md", "\n    ExecStart=/usr/libexec/ecluse/ecluse-recorder --warn 1\n")),
    (DOCUMENTS, "no such setting: ssh.port", lambda r: append(r / "docs/fr/exploitation.md", "\n`ssh.port`\n")),
    (DOCUMENTS, "no such code: E-ZZZ-01", lambda r: append(r / "docs/fr/exploitation.md", "\nE-ZZZ-01\n")),
    (DOCUMENTS, "the refusal E-HOR-01 is not explained", lambda r: replace(
        r / "docs/fr/guide-intervenant.md", "E-HOR-01", "E-FEN-02")),
    (CODES, "E-CPT-06 has several meanings", lambda r: replace(
        r / "policies/policyd/operator_account.cpp", "E-MDP-08", "E-CPT-06")),
    (CODES, "E-EMP-77 has no test", lambda r: replace(
        r / "policies/policyd/operator_asset.cpp", "E-EMP-01", "E-EMP-77")),
    (DOCUMENTS, "no such test: a code serves twice", lambda r: replace(
        r / "docs/faults.md", "« a code serves once »", "« a code serves twice »")),
    (DOCUMENTS, "nobody serves window.slam", lambda r: replace(
        r / "policies/ctl/commands_windows.cpp", '.request = "window.show"', '.request = "window.slam"')),
    (DOCUMENTS, "no such request: listen.goodbye", lambda r: replace(
        r / "docs/requests.md", "| `listen.hello`", "| `listen.goodbye`")),
    (SECRETS, "a password", lambda r: append(r / "common/text.h", '\nauto default_password = "changeme";\n')),
    (SECRETS, "a telephone number", lambda r: append(r / "i18n/fr.json", "\n06 12 34 56 78\n")),
    (SECRETS, "a private key", lambda r: append(
        r / "scripts/stack.sh", "\n-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n")),
]


def main():
    with tempfile.TemporaryDirectory() as folder:
        whole = pathlib.Path(folder) / "whole"
        for name in COPIED:
            if (ROOT / name).exists():
                shutil.copytree(ROOT / name, whole / name, ignore=shutil.ignore_patterns("corpus", "__pycache__"))
        for name in ("README.md", "test.sh", "demo.sh"):
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, whole / name)
        for number, (check, said, damage) in enumerate(TRIALS):
            root = pathlib.Path(folder) / str(number)
            shutil.copytree(whole, root)
            damage(root)
            status, output = run(root, check[0], *(word.format(root=root) for word in check[1:]))
            if status == 0 or said not in output:
                faults.append(f"{check[0]} does not say: {said}")
            shutil.rmtree(root)
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""check_no_secrets.py ROOT: the product carries no identifier that every installation would share.

Looks at all that is built or installed: sources, units, texts, scripts; not at tests, whose keys open nothing.
"""
# clause: CLAUSIER:O-12.5.9
import pathlib
import re
import sys

FOLDERS = ("common", "policies", "gateway", "recorder", "systemd", "i18n", "scripts", "cmake")
FAULTS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*\\?n?\s*[A-Za-z0-9+/]{16}"),
    "a certificate": re.compile(r"-----BEGIN CERTIFICATE-----\s*\\?n?\s*[A-Za-z0-9+/]{16}"),
    "a public key": re.compile(r"\b(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp256) AAAA[A-Za-z0-9+/]{20}"),
    "a password": re.compile(r"(?i)(?<![A-Za-z])(?:password|passwd|mot_de_passe|passphrase|secret|token)\w*[ ]*(?:=|\{)[ ]*\"[^\"{}$ ]{4,}\""),
    "a hash of a password": re.compile(r"\$argon2id?\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{16}|\$[156y]\$[A-Za-z0-9./]{8}"),
    "a telephone number": re.compile(r"(?<![\d.])(?:\+33 ?|0)[1-9](?:[ .]?\d{2}){4}(?![\d.])"),
}
# The example of a help text, and the ten digits of an alphabet.
ALLOWED = {"01 23 45 67 89", "0123456789"}


def faults_in(root):
    seen = 0
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if not path.is_file() or path.suffix == ".pyc":
                continue
            seen += 1
            text = path.read_text(errors="replace")
            for what, pattern in FAULTS.items():
                for found in pattern.finditer(text):
                    if found.group(0) not in ALLOWED:
                        line = text.count("\n", 0, found.start()) + 1
                        yield f"{path.relative_to(root)}:{line}: {what}: {found.group(0)[:60]}"
    if seen == 0:
        yield "nothing to look at"


def main():
    faults = list(faults_in(pathlib.Path(sys.argv[1]).resolve()))
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What ssh runs instead of asking a person (SSH_ASKPASS, SSH_ASKPASS_REQUIRE=force).

ECLUSE_TOTP_CODE    a code taken in advance, outside the measured time; else
ECLUSE_TOTP_SECRET  a file with the secret in base 32: the code is computed here, from an unused step.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import totp  # noqa: E402

ready = os.environ.get("ECLUSE_TOTP_CODE")
secret = os.environ.get("ECLUSE_TOTP_SECRET")
if not ready and not secret:
    sys.exit("askpass: neither ECLUSE_TOTP_CODE nor ECLUSE_TOTP_SECRET is set")
print(ready or totp.Ledger(secret).take())

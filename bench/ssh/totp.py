"""RFC 6238 codes from a secret file, never the same step twice.

The gateway accepts a step once and only after the last one it accepted, so the last step used is kept beside the
secret, under a lock: several connections may be opened at once.
"""
import base64
import fcntl
import hashlib
import hmac
import os
import struct
import time

STEP_SECONDS = 30
# The gateway takes the step before and the step after the present one.
SKEW_STEPS = 1
# From taking a code to the gateway's look at it, on a machine that is busy: an older code would be refused.
SLOWEST_S = 15


def code(secret, step, digits=6):
    digest = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7FFFFFFF
    return str(number % 10 ** digits).zfill(digits)


def read_secret(path):
    """Base 32, as every authenticator takes it; spaces and missing padding are accepted."""
    with open(path, encoding="ascii") as file:
        text = "".join(file.read().split()).upper().rstrip("=")
    return base64.b32decode(text + "=" * (-len(text) % 8))


class Ledger:
    """The last step used with one secret."""

    def __init__(self, secret_path):
        self.secret_path = secret_path
        self.path = secret_path + ".used"

    def last(self):
        try:
            with open(self.path, encoding="ascii") as file:
                return int(file.read() or 0)
        except FileNotFoundError:
            return 0

    def wait_s(self, now=None):
        """How long until a step is free."""
        last = self.last()
        if last == 0:
            return 0.0
        now = time.time() if now is None else now
        return max(0.0, (last + 1 - SKEW_STEPS) * STEP_SECONDS - now)

    def take(self):
        """Waits for a free step, marks it used, and returns its code."""
        secret = read_secret(self.secret_path)
        with open(self.path, "a+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            last = int(file.read() or 0)
            while True:
                now = int(time.time())
                present = now // STEP_SECONDS
                step = max(last + 1, (now + SLOWEST_S) // STEP_SECONDS - SKEW_STEPS)
                if step <= present + SKEW_STEPS:
                    break
                time.sleep((step - SKEW_STEPS) * STEP_SECONDS - time.time() + 0.05)
            file.seek(0)
            file.truncate()
            file.write(str(step))
            file.flush()
            os.fsync(file.fileno())
        return code(secret, step)


def self_test():
    """The RFC's own table (appendix B, SHA-1), shortened to six digits."""
    secret = b"12345678901234567890"
    for at, expected in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        assert code(secret, at // STEP_SECONDS) == expected, at


if __name__ == "__main__":
    self_test()
    print("totp: the RFC's examples hold")

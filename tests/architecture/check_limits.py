"""check_limits.py BUILD_FOLDER: every test has a time limit and a label."""
import json
import subprocess
import sys

listing = subprocess.run(
    ["ctest", "--test-dir", sys.argv[1], "--show-only=json-v1"],
    check=True, stdout=subprocess.PIPE, text=True).stdout
faults = []
for test in json.loads(listing)["tests"]:
    if test["name"].endswith("_NOT_BUILT"):
        continue
    names = {entry["name"] for entry in test.get("properties", [])}
    for wanted in ("TIMEOUT", "LABELS"):
        if wanted not in names:
            faults.append(f"{test['name']}: no {wanted}")
print("\n".join(faults) or "all limited")
sys.exit(bool(faults))

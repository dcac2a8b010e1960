#!/bin/sh
# What scanners from Debian find at the portal and the console: see README.md beside this file.
#   tests/scan/run.sh BIN WWW OUT     the built programs, the built pages (build/…/www), a folder for the reports
set -eu
if [ $# -ne 3 ]; then sed -n '2,3s/^# //p' "$0" >&2; exit 2; fi
for tool in testssl wapiti; do
    command -v "$tool" > /dev/null || { echo "missing: $tool (apt-get install testssl.sh wapiti)" >&2; exit 2; }
done
mkdir -p "$3"
ECLUSE_BIN=$(realpath "$1") WWW=$(realpath "$2") OUT=$(realpath "$3") exec python3 "$(dirname "$0")/scan.py"

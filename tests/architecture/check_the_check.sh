#!/usr/bin/env bash
# check_the_check.sh HARDENED UNHARDENED: the architecture test finds what it is there to find.
set -euo pipefail
here=$(dirname "$0")
expect() {
  local wanted=$1
  shift
  local said
  said=$(bash "$here/check_program.sh" "$@" || true)
  if [[ $said != "$wanted" ]]; then
    printf 'check_program %s\n  said:   %s\n  wanted: %s\n' "$*" "$said" "$wanted"
    exit 1
  fi
}
name=$(basename "$1")
crypto=$(ldd "$1" | awk '/libcrypto/ {print $1}')
expect "" libraries "$1" '^libsqlite3'
expect "fault: $name loads $crypto" libraries "$1" '^libcrypto'
said=$(bash "$here/check_program.sh" hardening "$2" || true)
for fault in pie relro now execstack canary fortify cet; do
  grep -q "^fault: $fault" <<<"$said" || { echo "not found: $fault"; exit 1; }
done

#!/usr/bin/env bash
# check_program.sh libraries PROGRAM REGEX   fails when the program loads a library that matches
# check_program.sh hardening PROGRAM         fails when a protection is missing
# check_program.sh exports PROGRAM NAME...    fails when a library would find another NAME than the program's
# All print one "fault: …" line each.
# clause: CLAUSIER:O-3.3 CHM:2.11
set -euo pipefail
export LC_ALL=C
what=$1 program=$2
faults=0
fault() { echo "fault: $*"; faults=$((faults + 1)); }

libraries() {
  local name
  # All that is loaded, not only what is named: a library may bring another.
  while read -r name; do
    if [[ $name =~ $1 ]]; then fault "$(basename "$program") loads $name"; fi
  done < <(ldd "$program" | awk '{print $1}' | sed 's|.*/||')
}

hardening() {
  local header segments dynamic symbols landings
  header=$(readelf -hW "$program")
  segments=$(readelf -lW "$program")
  dynamic=$(readelf -dW "$program")
  symbols=$(readelf --dyn-syms -W "$program")
  grep -q 'Type: *DYN' <<<"$header" || fault pie
  grep -q 'GNU_RELRO' <<<"$segments" || fault relro
  grep -Eq 'BIND_NOW|Flags:.*NOW' <<<"$dynamic" || fault now
  grep -E 'GNU_STACK' <<<"$segments" | grep -q 'RW ' || fault stack
  if grep 'GNU_STACK' <<<"$segments" | grep -q RWE; then fault execstack; fi
  grep -q '__stack_chk_fail' <<<"$symbols" || fault canary
  grep -Eq '__[a-z0-9]+_chk' <<<"${symbols//__stack_chk_fail/}" || fault fortify
  # Debian's start-up object lacks the note that marks a whole program, so count the landing pads:
  # ours has one per function whose address is taken.
  if [[ $(uname -m) == x86_64 ]]; then
    landings=$(objdump -d --no-show-raw-insn "$program" | grep -c endbr64 || true)
    ((landings >= 20)) || fault "cet ($landings)"
  fi
}

exports() {
  local symbols name
  symbols=$(readelf --dyn-syms -W "$program")
  for name in "$@"; do
    grep -Eq "FUNC +GLOBAL +DEFAULT +[0-9]+ $name\$" <<<"$symbols" || fault "$(basename "$program") does not export $name"
  done
}

case "$what" in
  exports) exports "${@:3}" ;;
  libraries) libraries "$3" ;;
  hardening) hardening ;;
  *) exit 2 ;;
esac
exit $((faults > 0))

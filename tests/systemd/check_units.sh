#!/usr/bin/env bash
# check_units.sh BUILD_FOLDER: installs the units in a temporary root, as a package would, and lets
# systemd judge them.
# clause: CHM:2.18
set -euo pipefail
build=$1
if ! command -v systemd-analyze >/dev/null; then
  echo "skipped: systemd-analyze is not installed"
  exit 4
fi
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
faults=0
fault() { echo "fault: $*"; faults=$((faults + 1)); }

DESTDIR=$root cmake --install "$build" --component systemd >/dev/null
prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:[A-Z]*=//p' "$build/CMakeCache.txt")
units=$root$prefix/lib/systemd/system
for file in "$units/ecluse.target" "$root$prefix/lib/sysusers.d/ecluse.conf" "$root$prefix/lib/tmpfiles.d/ecluse.conf"; do
  [[ -s $file ]] || fault "not installed: ${file#"$root"}"
done

# Tenths: 1.2 for what must reach a network, 0.5 for the rest.
declare -A bar=([ecluse-policyd.service]=12)
count=0
for unit in "$units"/*.service; do
  name=$(basename "$unit")
  count=$((count + 1))
  if ! judged=$(systemd-analyze security --offline=true --threshold="${bar[$name]:-5}" --no-pager "$unit" 2>&1); then
    grep -E '✗|Overall' <<<"$judged" || echo "$judged"
    fault "$name is over its bar"
  else
    grep Overall <<<"$judged"
  fi
  for directive in Type=notify WatchdogSec= LimitCORE=0 UMask=0077 User=ecluse- Restart=; do
    grep -q "^$directive" "$unit" || fault "$name lacks $directive"
  done
done
((count >= 3)) || fault "only $count services"

# Every line is a fault, but for programs that are not installed on this machine.
for unit in "$units"/*; do
  said=$(systemd-analyze verify --man=no --recursive-errors=no "$unit" 2>&1 || true)
  said=$(grep -v 'is not executable: No such file' <<<"$said" || true)
  if [[ -n $said ]]; then fault "$(basename "$unit"): $said"; fi
done

systemd-tmpfiles --root="$root" --create "$root$prefix/lib/tmpfiles.d/ecluse.conf" 2>/dev/null || true
if ! [[ -d $root/etc/ecluse/ecluse.toml.d && -d $root/run/ecluse ]]; then fault "folders of tmpfiles.d"; fi
users=$(systemd-sysusers --root="$root" --dry-run "$root$prefix/lib/sysusers.d/ecluse.conf" 2>&1 || true)
for unit in "$units"/*.service; do
  user=$(sed -n 's/^User=//p' "$unit")
  grep -q "user '$user'" <<<"$users" || fault "$(basename "$unit"): no such user: $user"
done
exit $((faults > 0))

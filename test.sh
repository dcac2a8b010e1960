#!/usr/bin/env bash
# Installs what is missing, builds with warnings as errors, and runs every test.
#
#   ./test.sh                    everything
#   ./test.sh --label unit       the tests of one label (repeatable: unit, scenario, …)
#   ./test.sh --no-install       the packages are there already
set -euo pipefail
cd "$(dirname "$0")"

install=yes
labels=()
while (($# > 0)); do
  case "$1" in
    --label) labels+=("${2:?--label needs a name}"); shift 2 ;;
    --no-install) install=no; shift ;;
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done

step() { printf '\n== %s\n' "$*"; }

if [[ $install == yes ]]; then
  step "dependencies"
  scripts/install-dependencies.sh
fi

step "configure"
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
cmake --preset ci "${launcher[@]}"

step "build"
cmake --build --preset ci -j "${ECLUSE_JOBS:-$(nproc)}"

step "test"
selection=()
if ((${#labels[@]} > 0)); then
  expression=$(IFS='|'; printf '%s' "${labels[*]}")
  selection=(-L "^($expression)\$")
fi
log=build/ci/ctest.log
status=0
# A test that hangs must not hang the whole run; each has a limit of its own as well.
# Scenarios wait for real programs on a machine that may be busy: one that fails is tried again, and the summary says so.
ctest --preset ci -j2 --no-tests=error --repeat until-pass:3 --timeout 900 "${selection[@]}" 2>&1 | tee "$log" || status=$?

step "summary"
# What needed another try, the list of failures and skips, if any, then the one line that counts.
sed -nE 's/^ *[0-9]+\/[0-9]+ (Test +#[0-9]+: .*[^ .]) \.+ *\*\*\*(Failed|Timeout|Exception).*/did not pass at once: \1 (\2)/p' "$log" | sort -u
sed -n '/^The following tests/,$p' "$log"
grep -E '^[0-9]+% tests passed' "$log" || printf 'no test ran\n'
exit "$status"

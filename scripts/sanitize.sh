#!/usr/bin/env bash
# Builds with a sanitizer, or with clang's tools, and runs what they check.
#
#   scripts/sanitize.sh asan [CTEST ARGUMENTS]    address and undefined behaviour: every test
#   scripts/sanitize.sh tsan [CTEST ARGUMENTS]    data races: every test
#   scripts/sanitize.sh tidy [FILE...]            clang-tidy on these files, by default on what differs from main
#   scripts/sanitize.sh fuzz [SECONDS]            every fuzz target, from its corpus, 30 seconds each
#
# ECLUSE_JOBS (default: the processors) is for the build, ECLUSE_TEST_JOBS (default 2) for the tests, ECLUSE_TARGETS (default: all) what is
# built: "test_read_ahead test_gateway_parts" with -R their tests takes minutes instead of an hour. A finding ends the program it is in, so it
# fails a test; what no test looks at (a daemon's last breath) is in the reports under build/PRESET/reports.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${ECLUSE_JOBS:-$(nproc)}
usage() { sed -n '2,11s/^# \{0,1\}//p' "$0"; }

configure() {
  local launcher=()
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  cmake --preset "$1" "${launcher[@]}" >/dev/null
}

# Every program writes its own report: some are started with standard error closed.
sanitized_tests() {
  local preset=$1 reports status=0
  shift
  reports=$PWD/build/$preset/reports
  configure "$preset"
  local targets=()
  read -ra targets <<<"${ECLUSE_TARGETS:-all}"
  cmake --build --preset "$preset" -j "$jobs" --target "${targets[@]}"
  rm -rf "$reports"
  mkdir -p "$reports"
  chmod 1777 "$reports"
  local log="log_path=$reports/report" lists=$PWD/tests/sanitizers
  export ASAN_OPTIONS="$log:detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1"
  export LSAN_OPTIONS="suppressions=$lists/leaks.supp:print_suppressions=0"
  export UBSAN_OPTIONS="$log:print_stacktrace=1"
  export TSAN_OPTIONS="$log:suppressions=$lists/threads.supp:second_deadlock_stack=1"
  # Slower programs on a machine that may be busy: one more try, as in test.sh. A report of the first try stays.
  ctest --preset "$preset" -j "${ECLUSE_TEST_JOBS:-2}" --repeat until-pass:2 --timeout 900 "$@" || status=1
  if compgen -G "$reports/*" >/dev/null; then
    printf 'reports of the sanitizer:\n'
    head -v -n 40 "$reports"/*
    status=1
  fi
  return "$status"
}

tidy() {
  local files=("$@")
  configure tidy
  if ((${#files[@]} == 0)); then
    mapfile -t files < <(git diff --name-only --diff-filter=d "$(git merge-base main HEAD)" -- '*.cpp')
  fi
  ((${#files[@]} > 0)) || { printf 'nothing differs from main\n'; return 0; }
  cmake --build --preset tidy --target ecluse_catalogue >/dev/null
  # One at a time per processor; the files of other compilers' targets have no entry and are named.
  printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$jobs" clang-tidy -p build/tidy --quiet --warnings-as-errors='*'
}

fuzz() {
  local seconds=${1:-30} target status=0 work
  configure fuzz
  cmake --build --preset fuzz -j "$jobs" --target fuzz_targets
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  for target in build/fuzz/bin/fuzz_*; do
    local name=${target##*/fuzz_}
    local corpus=tests/fuzz/corpus/$name
    [[ -d $corpus ]] || corpus=tests/fuzz/recorder/corpus/$name
    mkdir "$work/$name"
    # What is found new goes to the scratch folder; a fault is kept where it can be looked at.
    if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="build/fuzz/" -print_final_stats=0 \
      "$work/$name" "$corpus" >"$work/$name.log" 2>&1; then
      printf '%s: %s\n' "$name" "$(grep -E '^Done' "$work/$name.log")"
    else
      printf '%s: FAULT\n' "$name"
      tail -40 "$work/$name.log"
      status=1
    fi
  done
  return "$status"
}

case "${1:-}" in
  asan | tsan) sanitized_tests "$@" ;;
  tidy) tidy "${@:2}" ;;
  fuzz) fuzz "${@:2}" ;;
  -h | --help) usage ;;
  *) usage >&2; exit 2 ;;
esac

#!/usr/bin/env bash
# check_catalogue.sh GENERATOR: the text catalogue stops the build on each fault it promises to find.
# clause: HDS:EXI-13
set -euo pipefail
generator=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
good_fr='{"a.b": "Durée : {n} s", "c.ascii": "Etape 1"}'
good_en='{"a.b": "Duration: {n} s", "c.ascii": "Step 1"}'

# The catalogues have one key per line.
lines() { sed 's/^{/{\n/; s/", "/",\n"/g; s/}$/\n}/' <<<"$1"; }
generate() {
  lines "$1" >"$folder/fr.json"
  lines "$2" >"$folder/en.json"
  cmake -DFRENCH="$folder/fr.json" -DENGLISH="$folder/en.json" -DHEADER="$folder/keys.h" \
    -DSOURCE="$folder/tables.cpp" -P "$generator" 2>&1
}
refuses() {
  local wanted=$1 said
  if said=$(generate "$2" "$3"); then
    echo "accepted, though it should say: $wanted"
    exit 1
  fi
  # CMake wraps its messages.
  said=$(tr -s ' \n' ' ' <<<"$said")
  [[ $said == *"$wanted"* ]] || { printf 'said: %s\nwanted: %s\n' "$said" "$wanted"; exit 1; }
}

generate "$good_fr" "$good_en" >/dev/null
grep -q 'a_b,' "$folder/keys.h"
grep -q 'Durée : {n} s' "$folder/tables.cpp"
refuses 'in fr.json but not in en.json' "$good_fr" '{"c.ascii": "Step 1"}'
refuses 'in en.json but not in fr.json' '{"c.ascii": "Etape 1"}' "$good_en"
refuses 'has holes' "$good_fr" '{"a.b": "Duration: {seconds} s", "c.ascii": "Step 1"}'
refuses 'has holes' "$good_fr" '{"a.b": "Duration", "c.ascii": "Step 1"}'
refuses 'must be pure ASCII' '{"a.b": "Durée : {n} s", "c.ascii": "Étape 1"}' "$good_en"
refuses 'must be pure ASCII' "$good_fr" '{"a.b": "Duration: {n} s", "c.ascii": "Step – 1"}'
refuses 'is not a key' '{"A b": "x"}' '{"A b": "x"}'
refuses 'not one "key": "text" per line' '{"a.b": ' "$good_en"
refuses 'is there twice' '{"a.b": "x {n}", "a.b": "y {n}", "c.ascii": "Etape 1"}' "$good_en"
generate '{"a": "[x]; \"y\" \\ z;"}' '{"a": "[x]; \"y\" \\ z;"}' >/dev/null
grep -qF '[x]; "y" \ z;' "$folder/tables.cpp"

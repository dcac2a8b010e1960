#!/usr/bin/env bash
# run.sh BIN PAGES OUT MODULES: starts every daemon with the programs of BIN and the pages of PAGES in a folder
# of its own, registers the first people by eclusectl, then plays story.mjs in Debian's Chromium. Screenshots go
# to OUT; MODULES is where npm put playwright-core and axe-core.
set -euo pipefail
ECLUSE_BIN=$1 ECLUSE_PAGES=$2 out=$3 modules=$4
here=$(cd "$(dirname "$0")" && pwd)
ECLUSE_ROOT=$(mktemp -d "${TMPDIR:-/tmp}/ecluse-browser.XXXXXX")
export ECLUSE_BIN ECLUSE_ROOT ECLUSE_PAGES
. "$here/../../scripts/stack.sh"
. "$here/../../scripts/people.sh"
umask 077
mkdir -p "$out"
leave() {
    local status=$?
    stop_daemon web-portal
    stop_daemon web-console
    stop_stack
    if [ "$status" = 0 ]; then rm -rf "$ECLUSE_ROOT"; else printf 'kept: %s\n' "$ECLUSE_ROOT" >&2; fi
}
trap leave EXIT
trap 'exit 130' INT TERM

quietly() { "$@" >"$ECLUSE_ROOT/last-output" 2>&1 || { cat "$ECLUSE_ROOT/last-output" >&2; printf 'failed: %s\n' "$*" >&2; exit 1; }; }
dsi() { ctl --as c.leroy "$@"; }

printf 'phrase de passe du RSSI, essai\n' >"$ECLUSE_ROOT/rssi.passphrase"
printf 'phrase de passe du sequestre, essai\n' >"$ECLUSE_ROOT/escrow.passphrase"
ECLUSE_PORT=$(free_port)
ECLUSE_PORTAL_PORT=$(free_port)
quietly ctl setup --site "CH de Valmont" --site-phone "01 99 00 12 34" --portal "https://127.0.0.1:$ECLUSE_PORTAL_PORT" \
    --rssi-passphrase-file "$ECLUSE_ROOT/rssi.passphrase" --escrow-passphrase-file "$ECLUSE_ROOT/escrow.passphrase"
start_stack
start_web_doors
quietly ctl --json setup --admin "Anne;Roux;a.roux;a.roux@valmont.example" --dsi "Claire;Leroy;c.leroy;c.leroy@valmont.example" \
    --rssi "Marc;Petit;m.petit;m.petit@valmont.example"
cp "$ECLUSE_ROOT/last-output" "$ECLUSE_ROOT/invitations"
token_of() {
    python3 -c '
import json, sys
for row in json.load(open(sys.argv[1]))["invitations"]:
    if row["login"] == sys.argv[2]: print(row["token"])' "$ECLUSE_ROOT/invitations" "$1"
}
enrol c.leroy "$(token_of c.leroy)"
enrol m.petit "$(token_of m.petit)"
sign_in c.leroy
year=$(date +%Y)
quietly dsi vendor create Imagelec --contract-reference "M-$year-17" --contract-from "$((year - 1))-01-01" --contract-to "$((year + 2))-12-31"
quietly dsi person create --first-name Paul --last-name Meyer --login p.meyer --mail p.meyer@imagelec.example --vendor Imagelec --role vendor_manager
quietly dsi person create --first-name Nadia --last-name Belkacem --login n.belkacem --mail n.belkacem@imagelec.example --vendor Imagelec --role technician
invite_and_enrol c.leroy p.meyer
sign_in p.meyer
quietly ctl --json --as p.meyer source declare 127.0.0.1/32 --kind vpn --reason "sortie du titulaire"
quietly dsi source approve "$(json source <"$ECLUSE_ROOT/last-output")"
start_target
quietly dsi asset create scanner-1 --description "Scanner, bloc B" --host 127.0.0.1 --port "$TARGET_PORT"
quietly dsi asset pin scanner-1 --key "$ECLUSE_ROOT/target/host_key.pub" \
    --fingerprint "$(ssh-keygen -lf "$ECLUSE_ROOT/target/host_key.pub" | awk '{print $2}')"
quietly dsi vendor asset-add Imagelec scanner-1
quietly dsi --json account add scanner-1 "$(id -un)" --method key
json key <"$ECLUSE_ROOT/last-output" >>"$ECLUSE_ROOT/target/authorized_keys"
printf 'Je respecte les consignes du CH de Valmont.\nJe ne copie aucune donnée de santé.\n' >"$ECLUSE_ROOT/charte.txt"
quietly dsi charter publish "$ECLUSE_ROOT/charte.txt" --title "Charte de télémaintenance"

# Whatever a browser writes stays here too.
export TMPDIR=$ECLUSE_ROOT/browser
mkdir -p "$TMPDIR"
NODE_PATH=$modules PORTAL="https://127.0.0.1:$ECLUSE_PORTAL_PORT" CONSOLE="https://127.0.0.1:$ECLUSE_CONSOLE_PORT" \
    ACCOUNT=$(id -un) SSH_PORT=$ECLUSE_PORT OUT=$out node "$here/story.mjs"

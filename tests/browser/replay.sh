#!/usr/bin/env bash
# replay.sh BIN PAGES OUT MODULES STORY: a real ssh session and, where this machine can run one, a real desktop session
# go through the gateway. replay.mjs is the RSSI who watches their recordings in Debian's Chromium; live.mjs are the DSI
# and the RSSI who watch them while they last; audit.mjs and escort.mjs go without a desktop: sessions drawn by lot, and
# an escort who must look. As run.sh otherwise.
# clause: WEB:HE6 CLAUSIER:O-6.3 CLAUSIER:O-9.9 CHM:8.4
set -euo pipefail
ECLUSE_BIN=$1 ECLUSE_PAGES=$2 out=$3 modules=$4 story=$5
here=$(cd "$(dirname "$0")" && pwd)
ECLUSE_ROOT=$(mktemp -d "${TMPDIR:-/tmp}/ecluse-replay.XXXXXX")
export ECLUSE_BIN ECLUSE_ROOT ECLUSE_PAGES
. "$here/../../scripts/stack.sh"
. "$here/../../scripts/people.sh"
. "$here/../../scripts/rdp.sh"
umask 077
mkdir -p "$out"
leave() {
    local status=$?
    stop_rdp_world
    stop_stack
    if [ "$status" = 0 ]; then rm -rf "$ECLUSE_ROOT"; else printf 'kept: %s\n' "$ECLUSE_ROOT" >&2; fi
}
trap leave EXIT
trap 'exit 130' INT TERM

quietly() { "$@" >"$ECLUSE_ROOT/last-output" 2>&1 || { cat "$ECLUSE_ROOT/last-output" >&2; printf 'failed: %s\n' "$*" >&2; exit 1; }; }
dsi() { ctl --as c.leroy "$@"; }
technician() { ctl --as n.belkacem "$@"; }

printf 'phrase de passe du RSSI, essai\n' >"$ECLUSE_ROOT/rssi.passphrase"
printf 'phrase de passe du sequestre, essai\n' >"$ECLUSE_ROOT/escrow.passphrase"
quietly ctl setup --site "CH de Valmont" --site-phone "01 99 00 12 34" --portal "https://ecluse.valmont.example" \
    --rssi-passphrase-file "$ECLUSE_ROOT/rssi.passphrase" --escrow-passphrase-file "$ECLUSE_ROOT/escrow.passphrase"
start_stack
start_web_door console
quietly ctl --json setup --admin "Anne;Roux;a.roux;a.roux@valmont.example" --dsi "Claire;Leroy;c.leroy;c.leroy@valmont.example" \
    --rssi "Marc;Petit;m.petit;m.petit@valmont.example"
cp "$ECLUSE_ROOT/last-output" "$ECLUSE_ROOT/invitations"
token_of() {
    python3 -c '
import json, sys
for row in json.load(open(sys.argv[1]))["invitations"]:
    if row["login"] == sys.argv[2]: print(row["token"])' "$ECLUSE_ROOT/invitations" "$1"
}
for login in c.leroy m.petit; do enrol "$login" "$(token_of "$login")"; done
sign_in c.leroy
year=$(date +%Y)
quietly dsi vendor create Imagelec --contract-reference "M-$year-17" --contract-from "$((year - 1))-01-01" --contract-to "$((year + 2))-12-31"
quietly dsi person create --first-name Paul --last-name Meyer --login p.meyer --mail p.meyer@imagelec.example --vendor Imagelec --role vendor_manager
quietly dsi person create --first-name Nadia --last-name Belkacem --login n.belkacem --mail n.belkacem@imagelec.example --vendor Imagelec --role technician
for login in p.meyer n.belkacem; do
    quietly dsi person verify-identity "$login" --how "pièce d'identité, en présence"
    invite_and_enrol c.leroy "$login"
    sign_in "$login"
done
quietly ctl --json --as p.meyer source declare 127.0.0.1/32 --kind vpn --reason "sortie du titulaire"
quietly dsi source approve "$(json source <"$ECLUSE_ROOT/last-output")"
start_target
quietly dsi asset create scanner-1 --description "Scanner, bloc B" --host 127.0.0.1 --port "$TARGET_PORT" --sessions 4
quietly dsi asset pin scanner-1 --key "$ECLUSE_ROOT/target/host_key.pub" \
    --fingerprint "$(ssh-keygen -lf "$ECLUSE_ROOT/target/host_key.pub" | awk '{print $2}')"
quietly dsi vendor asset-add Imagelec scanner-1
quietly dsi --json account add scanner-1 "$(id -un)" --method key
json key <"$ECLUSE_ROOT/last-output" >>"$ECLUSE_ROOT/target/authorized_keys"
assets=scanner-1 accounts=$(id -un) functions=shell,exec,file_up desktop=no
if [ "$story" != audit ] && [ "$story" != escort ] && start_rdp_target 1; then
    desktop=yes assets=scanner-1,poste-1 accounts=$accounts,desk1 functions=$functions,desktop
    quietly dsi asset create poste-1 --protocol rdp --security tls --description "Poste de l'IRM" --host 127.0.0.1 --port "$RDP_TARGET_PORT" --sessions 4
    quietly dsi asset pin poste-1 --certificate "$RDP_TARGET_CERTIFICATE" \
        --fingerprint "$(openssl x509 -in "$RDP_TARGET_CERTIFICATE" -noout -fingerprint -sha256 | cut -d= -f2)"
    quietly dsi vendor asset-add Imagelec poste-1
    printf '%s\n' "$RDP_TARGET_PASSWORD" >"$ECLUSE_ROOT/desk1.password"
    quietly dsi account add poste-1 desk1 --method password --secret-file "$ECLUSE_ROOT/desk1.password"
    start_rdp_door
    start_screen
elif [ "$story" != audit ] && [ "$story" != escort ]; then
    printf 'no desktop on this machine: %s\n' "$(tail -n 1 "$ECLUSE_ROOT/logs/rdp-target.log")"
fi
if [ "$story" = audit ]; then
    quietly dsi vendor create Autrelec --contract-reference "M-$year-18" --contract-from "$((year - 1))-01-01" --contract-to "$((year + 2))-12-31"
    sign_in m.petit
    quietly ctl --as m.petit person create --first-name Eva --last-name Noir --login e.noir --mail e.noir@audit.example --role auditor \
        --until "$((year + 1))-12-31" --scope vendor:Autrelec
    invite_and_enrol m.petit e.noir
fi
approving=()
if [ "$story" = escort ]; then
    quietly dsi person create --first-name Alain --last-name Brun --login a.brun --mail a.brun@valmont.example --role escort
    invite_and_enrol c.leroy a.brun
    approving=(--escort-watch)
fi
printf 'Je respecte les consignes du CH de Valmont.\n' >"$ECLUSE_ROOT/charte.txt"
quietly dsi charter publish "$ECLUSE_ROOT/charte.txt" --title "Charte de télémaintenance"
quietly technician charter accept 1
opens=$(($(date +%s) / 60 * 60 + 60))
if [ $((opens - $(date +%s))) -lt 10 ]; then opens=$((opens + 60)); fi
quietly technician --json window request --asset "$assets" --account "$accounts" --opens "$(paris $opens)" --closes "$(paris $((opens + 3600)))" \
    --function "$functions" --nature corrective --reason "panne du lecteur" --ticket INC-4471
window=$(json window <"$ECLUSE_ROOT/last-output")
quietly dsi window approve "$window" "${approving[@]}"
if [ "$story" = escort ]; then quietly dsi escort set "$window" a.brun; fi
while [ "$(date +%s)" -le "$opens" ]; do sleep 0.2; done

if [ "$desktop" = yes ]; then
    mapfile -t signature < <(signing_on_paper n.belkacem)
    quietly technician rdp-ticket --asset poste-1 --from 127.0.0.1 --output "$ECLUSE_ROOT/bureau.rdp" "${signature[@]}"
    start_rdp_client client "$ECLUSE_ROOT/bureau.rdp" "/v:127.0.0.1:$ECLUSE_RDP_PORT" /p: /cert:ignore
    wait_until 60 desktop_is_shown || { printf 'the desktop did not come\n' >&2; exit 1; }
    sleep 2
    type_on_screen 'echo repere-bureau'
    sleep 3
    still_screenshot "$out/desktop-as-it-was.png"
    if [ "$story" = replay ]; then stop_daemon rdp-client; fi
fi

export TMPDIR=$ECLUSE_ROOT/browser
mkdir -p "$TMPDIR"
NODE_PATH=$modules CONSOLE="https://127.0.0.1:$ECLUSE_CONSOLE_PORT" DESKTOP=$desktop RECORDINGS=$ECLUSE_ROOT/recordings \
    ACCOUNT=$(id -un) SSH_PORT=$ECLUSE_PORT OUT=$out node "$here/$story.mjs"

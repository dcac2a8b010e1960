#!/usr/bin/env bash
# live_units.sh BUILD_FOLDER: a copy of this machine boots its own systemd in a container, Écluse is installed in
# it as the installation guide says, and the units live through a day's work: a recorded session, a killed
# recorder, a policyd that hangs, a restart. Nothing outside the container changes. Leaves with 4 (skipped)
# where a container cannot boot: not root, or already inside one that may not mount.
# clause: CHM:2.18
set -euo pipefail
if [[ ${1:-} != --inside ]]; then
  build=$(cd "$1" && pwd)
  here=$(readlink -f "$0")
  skip() { echo "skipped: $*"; exit 4; }
  ((EUID == 0)) || skip "root is needed to boot a container"
  command -v systemd-nspawn >/dev/null || skip "systemd-nspawn is not installed"
  # Its root is this machine's, seen through a layer in memory that takes every change.
  boot() {
    local place
    place=$said/root
    mkdir -p "$place" "$said/out"
    export place
    # The mounts end with their namespace.
    unshare --mount --propagation private bash -euo pipefail -c '
      mount -t tmpfs -o mode=0755 tmpfs "$place"
      mkdir "$place"/{upper,work,root}
      mount -t overlay overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$place/root"
      rm -rf "$place"/root/etc/systemd/system/*.wants/*
      exec systemd-nspawn --quiet --directory="$place/root" --private-network --register=no --keep-unit \
        --machine="ecluse-units-$$" --bind="$said/out:/said" --boot systemd.run="\"$0\"" systemd.run_success_action=exit systemd.run_failure_action=exit
    ' "$1" </dev/null
  }
  said=$(mktemp -d)
  trap 'rm -rf "$said"' EXIT
  export said
  export -f boot
  timeout 90 bash -c 'boot /bin/true' >"$said/boot" 2>&1 || { tail -n 3 "$said/boot"; skip "no container boots here"; }
  status=0
  timeout 600 bash -c 'boot "$0"' "$here --inside $build" >"$said/boot" 2>&1 || status=$?
  cat "$said/out/trial" || cat "$said/boot"
  exit "$status"
fi

# From here on inside the container, as root, its systemd being process 1.
build=$2
exec >/said/trial 2>&1
source_tree=$(cd "$(dirname "$0")/../.." && pwd)
out=/root/last-output
fault() {
  echo "fault: $*"
  sed 's/^/  | /' "$out" | tail -n 20
  systemctl --no-pager --plain list-units 'ecluse*' || true
  journalctl -b --no-pager -n 60 -u 'ecluse*' || true
  exit 1
}
act() {
  local what=$1
  shift
  if "$@" >"$out" 2>&1; then echo "✓ $what"; else fault "$what"; fi
}
within() {
  local seconds=$1 started=$SECONDS
  shift
  until "$@" >"$out" 2>&1; do
    if ((SECONDS - started >= seconds)); then return 1; fi
    sleep 0.2
  done
}
export HOME=/root ECLUSE_ROOT=/root/trial ECLUSE_BIN=/usr/bin
mkdir -p "$ECLUSE_ROOT"
umask 077
# shellcheck disable=SC1091
. "$source_tree/scripts/people.sh"
# Where Écluse is installed, not under a root of its own.
ctl() { env -u ECLUSE_ROOT eclusectl "$@"; }
active() { systemctl is-active --quiet "$1"; }
both_active() { active ecluse-recorder && active ecluse-policyd; }
main_pid() { systemctl show -P MainPID "$1"; }
started_anew() { active "$1" && [[ $(main_pid "$1") != "$2" && $(main_pid "$1") != 0 ]]; }

act "installed" cmake --install "$build"
act "users" systemd-sysusers
act "folders" systemd-tmpfiles --create
act "units read" systemctl daemon-reload
# With no key yet nothing may start, and nothing must fail in a loop.
systemctl start ecluse.target >"$out" 2>&1 || true
if active ecluse-policyd; then fault "policyd runs without a master key"; fi
systemctl stop ecluse.target 'ecluse-*.socket'
printf 'phrase de passe du RSSI, essai\n' >/root/rssi.txt
printf 'phrase de passe du sequestre, essai\n' >/root/escrow.txt
act "keys" ctl setup --site "CH de Valmont" --site-phone "01 23 45 67 89" --portal https://ecluse.valmont.example \
  --rssi-passphrase-file /root/rssi.txt --escrow-passphrase-file /root/escrow.txt
act "enabled and started" systemctl enable --now ecluse.target
act "the RDP door's socket" systemctl enable --now ecluse-listen-rdp.socket
within 60 both_active || fault "recorder and policyd are active"
echo "✓ recorder and policyd are active"
[[ $(stat -c '%a %U %G' /run/ecluse/operator.sock) == "660 ecluse-policyd ecluse" ]] || fault "mode of operator.sock"

cp "$source_tree/scripts/people.sh" "$ECLUSE_ROOT/"
act "three first people" ctl --json setup --admin "Anne;Roux;a.roux;a.roux@valmont.example" \
  --dsi "Claire;Leroy;c.leroy;c.leroy@valmont.example" --rssi "Marc;Petit;m.petit;m.petit@valmont.example"
cp "$out" "$ECLUSE_ROOT/invitations"
for login in c.leroy m.petit; do
  token=$(python3 -c '
import json, sys
print(next(row["token"] for row in json.load(open(sys.argv[1]))["invitations"] if row["login"] == sys.argv[2]))' "$ECLUSE_ROOT/invitations" "$login")
  act "$login enrolled" enrol "$login" "$token"
  act "$login logged in" sign_in "$login"
done
dsi() { ctl --as c.leroy "$@"; }
technician() { ctl --as n.belkacem "$@"; }
status=0
ctl --as c.leroy doctor >"$out" 2>&1 || status=$?
cat "$out"
((status == 0 || status == 3)) || fault "doctor"
echo "✓ doctor ($status)"

year=$(date +%Y)
act "vendor" dsi vendor create Imagelec --contract-reference M-17 --contract-from "$((year - 1))-01-01" --contract-to "$((year + 2))-12-31"
act "vendor manager" dsi person create --first-name Paul --last-name Meyer --login p.meyer --mail p.meyer@imagelec.example --vendor Imagelec --role vendor_manager
act "technician" dsi person create --first-name Nadia --last-name Belkacem --login n.belkacem --mail n.belkacem@imagelec.example --vendor Imagelec --role technician
for login in p.meyer n.belkacem; do
  act "identity of $login" dsi person verify-identity "$login" --how "en présence"
  act "$login enrolled" invite_and_enrol c.leroy "$login"
  act "$login logged in" sign_in "$login"
done
act "address declared" ctl --json --as p.meyer source declare 127.0.0.1/32 --kind vpn --reason "essai"
act "address approved" dsi source approve "$(json source <"$out")"
mkdir -p /run/sshd /root/target
ssh-keygen -q -t ed25519 -N '' -f /root/target/host_key
printf 'Port 2022\nListenAddress 127.0.0.1\nHostKey /root/target/host_key\nAuthorizedKeysFile /root/target/authorized_keys\nStrictModes no\nUsePAM no\nPidFile none\n' \
  >/root/target/sshd_config
act "asset" dsi asset create scanner-1 --description "Scanner" --host 127.0.0.1 --port 2022 --usage-hours never --sessions 4
act "asset pinned" dsi asset pin scanner-1 --key /root/target/host_key.pub --fingerprint "$(ssh-keygen -lf /root/target/host_key.pub | awk '{print $2}')"
act "asset under contract" dsi vendor asset-add Imagelec scanner-1
act "account" dsi --json account add scanner-1 root --method key
json key <"$out" >/root/target/authorized_keys
act "target" systemd-run --unit=trial-target /usr/sbin/sshd -D -e -f /root/target/sshd_config
printf 'Charte.\n' >/root/charte.txt
act "charter" dsi charter publish /root/charte.txt --title Charte
act "charter accepted" technician charter accept 1
pocket=$ECLUSE_ROOT/people/n.belkacem
ssh-keygen -q -t ed25519 -N '' -f "$pocket/id"
mapfile -t signature < <(signing_on_paper n.belkacem)
act "key" technician key add "$pocket/id.pub" --label portable "${signature[@]}"
act "window asked" technician --json window request --asset scanner-1 --account root --opens +1m --closes +2h \
  --function shell,exec --nature corrective --reason essai --ticket T-1 --procedure P-1
act "window approved" dsi window approve "$(json window <"$out")"
cat >"$pocket/askpass" <<ASKPASS
#!/usr/bin/env bash
export ECLUSE_ROOT='$ECLUSE_ROOT' ECLUSE_BIN='$ECLUSE_BIN'
. '$source_tree/scripts/people.sh'
code n.belkacem
ASKPASS
chmod 700 "$pocket/askpass"
# A code serves once, and the next may be a minute away: an attempt has time for it, and none is made for nothing.
session() {
  DISPLAY=none SSH_ASKPASS="$pocket/askpass" SSH_ASKPASS_REQUIRE=force timeout 110 ssh -p 2222 -i "$pocket/id" -o IdentitiesOnly=yes \
    -o StrictHostKeyChecking=accept-new n.belkacem+scanner-1@127.0.0.1 "$@"
}
sleep 62 # the window opens in a minute
within 130 session 'echo from-the-target' || fault "a session through the socket unit"
grep -q from-the-target "$out" || fault "the target's words"
echo "✓ a session through the socket unit"

(exec 3<>/dev/tcp/127.0.0.1/3389) 2>/dev/null || fault "the RDP door answers"
within 20 active ecluse-listen@rdp || fault "the RDP door's listener"
echo "✓ the RDP door starts at its first connection"

act "the portal's socket" systemctl enable --now ecluse-web-portal.socket
site() { curl -sk --max-time 20 "https://127.0.0.1:$1/api/v1/site"; }
within 60 eval 'site 8443 | grep -q Valmont' || fault "the console answers"
echo "✓ the console starts at its first connection, on loopback only"
# An address that nobody declared is closed before TLS; ours is the technician's.
within 60 eval 'site 443 | grep -q Valmont || { site 443; [ $? = 35 ]; }' || fault "the portal answers"
within 20 active ecluse-web-portal || fault "the portal's service"
echo "✓ the portal starts at its first connection"

# The kernel's own word on each process, and systemd's on each unit.
for unit in ecluse-recorder ecluse-policyd ecluse-listen@ssh ecluse-listen@rdp ecluse-web-console ecluse-web-portal; do
  pid=$(main_pid "$unit")
  grep -q '^NoNewPrivs:.1$' "/proc/$pid/status" || fault "$unit may gain privileges"
  grep -q '^Seccomp:.2$' "/proc/$pid/status" || fault "$unit has no filter"
  grep -q '^CapEff:.0000000000000000$' "/proc/$pid/status" || fault "$unit has capabilities"
  grep -qE '^Max core file size +0 ' "/proc/$pid/limits" || fault "$unit may leave a core"
done
echo "✓ no privilege, a filter, no core"
journalctl -b --no-pager -u 'ecluse*' -g 'confined by' >"$out"
(($(wc -l <"$out") >= 3)) || fault "confinement lines"
# A kernel may have no Landlock; then it says so.
if sed 's/landlock (not in this kernel)//' "$out" | grep -q 'missing: [^n]'; then fault "confinement lacks something"; fi
echo "✓ confined: $(grep -o 'confined by.*' "$out" | sort -u | head -n 1)"

# A killed recorder comes back; the session that lived is over and recorded so.
session "sleep 120" >/root/live.txt 2>&1 &
live=$!
one_live() { dsi --json session list | grep -q '"state":"live"\|"recording":"open"'; }
within 110 one_live || fault "a live session"
pid=$(main_pid ecluse-recorder)
kill -9 "$pid"
wait "$live" && fault "a session outlived its recorder"
within 20 started_anew ecluse-recorder "$pid" || fault "the recorder comes back"
echo "✓ recorder killed: the session ended, the recorder is back"

# A policyd that hangs is noticed by the watchdog, and everything is there again.
pid=$(main_pid ecluse-policyd)
kill -STOP "$pid"
within 90 started_anew ecluse-policyd "$pid" || fault "the watchdog restarts policyd"
echo "✓ policyd hung: the watchdog restarted it"
back_again() { ctl --as c.leroy --json session list; }
within 30 back_again || fault "the DSI's session after the restart"
within 90 session 'echo after-the-restart' || fault "a session after the restart"
echo "✓ a session after the restart"
act "restart" systemctl restart ecluse-policyd
within 90 session 'echo after-a-planned-restart' || fault "a session after a planned restart"
echo "✓ a session after a planned restart"

sealed() { ! dsi --json session list | grep -q '"recording":"open"'; }
within 20 sealed || fault "all recordings are sealed"
echo "✓ all recordings are sealed"
journalctl -b --no-pager >"$out"
for secret in "$(cat "$pocket/password")" "$(cat "$pocket/totp")" "phrase de passe du RSSI"; do
  if grep -qF -- "$secret" "$out"; then : >"$out"; fault "a secret in the system's journal"; fi
done
echo "✓ no secret in the system's journal"
act "stopped" systemctl stop ecluse.target
# The target's PartOf: nothing of ours is left.
gone() { ! pgrep -f /usr/libexec/ecluse/; }
within 20 gone || fault "processes are left after the stop"
echo "✓ nothing is left after the stop"

# Sourced by demo.sh and the benchmarks: acts as people do, through eclusectl. Expects ECLUSE_BIN and
# ECLUSE_ROOT. What each person would keep for themselves (password, authenticator secret, key) is in
# $ECLUSE_ROOT/people/LOGIN, readable by the caller only: it plays their pocket.

ctl() { "$ECLUSE_BIN/eclusectl" --root "$ECLUSE_ROOT" "$@"; }

# json FIELD: one field of the object on standard input; a dotted path reaches inside.
json() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for part in sys.argv[1].split("."):
    value = value[int(part)] if isinstance(value, list) else value[part]
print(value)' "$1"
}

# The seconds that policyd sees: the machine's, moved by ECLUSE_TIME_SHIFT.
now_seconds() { echo $(($(date +%s) + ${ECLUSE_TIME_SHIFT:-0})); }

# code LOGIN: a code of this person's authenticator that was not used yet. Each 30 s step serves once,
# and a step early or late is accepted: three at once, then one must wait.
code() {
    local pocket=$ECLUSE_ROOT/people/$1 now step last
    last=$(cat "$pocket/last_step" 2>/dev/null || echo 0)
    while :; do
        now=$(($(now_seconds) / 30))
        step=$((now - 1))
        if [ "$step" -le "$last" ]; then step=$((last + 1)); fi
        if [ "$step" -le $((now + 1)) ]; then break; fi
        sleep 1
    done
    echo "$step" >"$pocket/last_step"
    oathtool --totp=sha1 --base32 --now "@$((step * 30))" "$(cat "$pocket/totp")"
}

# enrol LOGIN TOKEN: the person chooses a password, takes the authenticator's secret, confirms.
enrol() {
    local pocket=$ECLUSE_ROOT/people/$1
    mkdir -p "$pocket"
    chmod 700 "$ECLUSE_ROOT/people" "$pocket"
    # Random words would do as well; this one passes every rule of the policy.
    printf 'Vx7!%s' "$(openssl rand -hex 12)" >"$pocket/password"
    ctl --json enrol "$2" --password-file "$pocket/password" >"$pocket/enrolment" || return 1
    json secret <"$pocket/enrolment" >"$pocket/totp"
    rm -f "$pocket/enrolment"
    ctl --json enrol "$2" --code "$(code "$1")" >"$pocket/recovery"
}

# sign_in LOGIN: a session for eclusectl --as LOGIN.
sign_in() {
    ctl login "$1" --password-file "$ECLUSE_ROOT/people/$1/password" --code "$(code "$1")" >/dev/null
}

# signing LOGIN: the options of an act that asks password and code again.
signing() {
    printf '%s\n' --password-file "$ECLUSE_ROOT/people/$1/password" --code "$(code "$1")"
}

# signing_on_paper LOGIN: the same with a recovery code, of which each person has ten: nobody has to wait for the next.
signing_on_paper() {
    local pocket=$ECLUSE_ROOT/people/$1 number
    number=$(cat "$pocket/recovery_used" 2>/dev/null || echo 0)
    echo $((number + 1)) >"$pocket/recovery_used"
    printf '%s\n' --password-file "$pocket/password" --code "$(json "recovery_codes.$number" <"$pocket/recovery")"
}

# invite_and_enrol AS LOGIN: AS hands out the invitation, LOGIN uses it.
invite_and_enrol() {
    local token
    token=$(ctl --json --as "$1" person invite "$2" | json token) || return 1
    enrol "$2" "$token"
}

# paris SECONDS: an instant as people type it, to the second of the machine's clock.
paris() { TZ=Europe/Paris date -d "@$1" '+%Y-%m-%d %H:%M'; }

# fill_form FILE: the technician answers every question of a report form.
fill_form() {
    python3 - "$1" <<'PYTHON'
import re, sys

answers = {
    "subcontractor_present": "non", "escort_present": "oui", "outcome": "resolved",
    "rollback_done": "non", "health_data_seen": "non", "copies_taken": "non",
    "residual_data": "none", "incident": "non", "item": "pilote du lecteur",
    "symptom": "Le lecteur n'est plus reconnu.", "tests": "Lecture d'un disque d'essai : bonne.",
    "difficulties": "néant", "service_impact": "aucun", "next_steps": "néant",
    "operation": "Remplacement du pilote du lecteur.", "actual_nature": "corrective",
}
path = sys.argv[1]
lines = open(path, encoding="utf-8").read()
for name, answer in answers.items():
    lines = re.sub(rf'(?m)^{name} = (""".*?"""|".*?")', lambda _: f'{name} = "{answer}"', lines, flags=re.S)
open(path, "w", encoding="utf-8").write(lines)
PYTHON
}

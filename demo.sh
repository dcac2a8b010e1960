#!/usr/bin/env bash
# Écluse en une commande : installe ce qui manque, compile, démarre tous les services dans un dossier,
# en boucle locale, avec de vraies cibles (OpenSSH, xrdp), et montre une télémaintenance.
#
#   ./demo.sh                 laisse tout en marche et affiche les lignes à essayer (Ctrl-C arrête)
#   ./demo.sh --auto          joue toute l'histoire sans personne ; sort à 0 si chaque étape est vraie
#   ./demo.sh --no-install    les paquets sont déjà là
#   ./demo.sh --keep          garde le dossier de la démonstration
#   ./demo.sh --bin DOSSIER   emploie les programmes de ce dossier, sans compiler
set -euo pipefail
cd "$(dirname "$0")"

auto=no install=yes keep=no bin=
while [ $# -gt 0 ]; do
    case "$1" in
    --auto) auto=yes ;;
    --no-install) install=no ;;
    --keep) keep=yes ;;
    --bin) bin=$(cd "${2:?--bin attend un dossier}" && pwd); shift ;;
    --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift
done

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else bold='' green='' red='' plain=''; fi
chapter() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
steps=0
true_that() { steps=$((steps + 1)); printf '  %s✓%s %s\n' "$green" "$plain" "$*"; }
false_that() {
    printf '  %s✗ %s%s\n' "$red" "$*" "$plain" >&2
    [ ! -s "$out" ] || sed 's/^/      | /' "$out" >&2
    printf '    Journaux des services : %s/logs\n' "$ECLUSE_ROOT" >&2
    keep=yes
    exit 1
}

if [ "$install" = yes ]; then
    chapter "Paquets"
    scripts/install-dependencies.sh
fi
if [ -z "$bin" ]; then
    chapter "Compilation"
    launcher=()
    if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
    cmake --preset release -DECLUSE_TESTS=OFF "${launcher[@]}" >/dev/null
    cmake --build --preset release -j "${ECLUSE_JOBS:-$(nproc)}" | tail -n 1
    bin=$PWD/build/release/bin
fi

ECLUSE_BIN=$bin
# The pages are built beside the programs; without them the doors answer requests only.
if [ -d "$bin/../www" ]; then ECLUSE_PAGES=$(cd "$bin/../www" && pwd); export ECLUSE_PAGES; fi
ECLUSE_ROOT=$(mktemp -d "${TMPDIR:-/tmp}/ecluse-demo.XXXXXX")
export ECLUSE_BIN ECLUSE_ROOT
. scripts/stack.sh
. scripts/people.sh
. scripts/rdp.sh
umask 077
out=$ECLUSE_ROOT/last-output
: >"$out"
leave() {
    stop_rdp_world
    stop_stack
    if [ "$keep" = yes ]; then printf 'Dossier conservé : %s\n' "$ECLUSE_ROOT"; else rm -rf "$ECLUSE_ROOT"; fi
}
trap leave EXIT
trap 'exit 130' INT TERM

# expect_success WHAT COMMAND…, expect_refusal CODE WHAT COMMAND…: the step is true, or the story ends.
expect_success() {
    local what=$1
    shift
    if "$@" >"$out" 2>&1; then true_that "$what"; else false_that "$what"; fi
}
expect_refusal() {
    local code=$1 what=$2
    shift 2
    if "$@" >"$out" 2>&1; then false_that "$what (aurait dû être refusé)"; fi
    if grep -q -- "$code" "$out"; then true_that "$what → $code"; else false_that "$what (code attendu : $code)"; fi
}
expect_in_output() {
    if grep -q -- "$1" "$out"; then true_that "$2"; else false_that "$2 (attendu : $1)"; fi
}

chapter "1. Installation : clés du RSSI et de séquestre, clé maître, premières personnes"
printf 'phrase de passe du RSSI, demonstration\n' >"$ECLUSE_ROOT/rssi.passphrase"
printf 'phrase de passe du sequestre, demonstration\n' >"$ECLUSE_ROOT/escrow.passphrase"
expect_success "configuration et clés écrites, sans aucun compte ni mot de passe par défaut" \
    ctl setup --site "CH de Valmont" --site-phone "01 23 45 67 89" --portal "https://ecluse.valmont.example" \
    --rssi-passphrase-file "$ECLUSE_ROOT/rssi.passphrase" --escrow-passphrase-file "$ECLUSE_ROOT/escrow.passphrase"
start_stack || false_that "les trois services démarrent"
true_that "enregistreur, service de décision et porte SSH démarrés (127.0.0.1:$ECLUSE_PORT)"
start_web_doors || false_that "le portail et la console démarrent"
true_that "portail des titulaires (https://127.0.0.1:$ECLUSE_PORTAL_PORT) et console de l'établissement (https://127.0.0.1:$ECLUSE_CONSOLE_PORT) démarrés"
expect_success "trois premières personnes invitées" ctl --json setup \
    --admin "Anne;Roux;a.roux;a.roux@valmont.example" --dsi "Claire;Leroy;c.leroy;c.leroy@valmont.example" \
    --rssi "Marc;Petit;m.petit;m.petit@valmont.example"
cp "$out" "$ECLUSE_ROOT/invitations"
first_token() {
    python3 -c '
import json, sys
for row in json.load(open(sys.argv[1]))["invitations"]:
    if row["login"] == sys.argv[2]: print(row["token"])' "$ECLUSE_ROOT/invitations" "$1"
}
for login in c.leroy m.petit; do
    expect_success "$login choisit son mot de passe, enrôle son second facteur" enrol "$login" "$(first_token "$login")"
    expect_success "$login ouvre une session (mot de passe et code)" sign_in "$login"
done
dsi() { ctl --as c.leroy "$@"; }
rssi() { ctl --as m.petit "$@"; }
technician() { ctl --as n.belkacem "$@"; }

chapter "2. Le titulaire, son intervenante, son adresse, la cible"
year=$(date +%Y)
expect_success "titulaire Imagelec, contrat en cours" dsi vendor create Imagelec --contract-reference "M-$year-17" \
    --contract-from "$((year - 1))-01-01" --contract-to "$((year + 2))-12-31"
expect_success "responsable des comptes du titulaire" dsi person create --first-name Paul --last-name Meyer \
    --login p.meyer --mail p.meyer@imagelec.example --vendor Imagelec --role vendor_manager
expect_success "intervenante nommée" dsi person create --first-name Nadia --last-name Belkacem \
    --login n.belkacem --mail n.belkacem@imagelec.example --vendor Imagelec --role technician
for login in p.meyer n.belkacem; do
    expect_success "identité de $login vérifiée par la DSI" dsi person verify-identity "$login" --how "pièce d'identité, en présence"
    expect_success "$login enrôlé" invite_and_enrol c.leroy "$login"
    expect_success "$login connecté" sign_in "$login"
done
expect_refusal E-DEC-01 "une adresse qui couvre tout Internet" \
    ctl --as p.meyer source declare 0.0.0.0/0 --reason "partout"
expect_success "adresse de sortie déclarée par le titulaire" \
    ctl --json --as p.meyer source declare 127.0.0.2/32 --kind vpn --reason "sortie du titulaire (démonstration)"
source_id=$(json source <"$out")
expect_success "adresse approuvée par la DSI" dsi source approve "$source_id"
start_target || false_that "la cible OpenSSH démarre"
true_that "cible : un vrai sshd sur 127.0.0.1:$TARGET_PORT"
expect_success "cible déclarée" dsi asset create scanner-1 --description "Scanner, bloc B" \
    --host 127.0.0.1 --port "$TARGET_PORT" --usage-hours never --sessions 4
expect_success "clé d'hôte de la cible épinglée" dsi asset pin scanner-1 --key "$ECLUSE_ROOT/target/host_key.pub" \
    --fingerprint "$(ssh-keygen -lf "$ECLUSE_ROOT/target/host_key.pub" | awk '{print $2}')"
expect_success "cible au contrat du titulaire" dsi vendor asset-add Imagelec scanner-1
account=$(id -un)
expect_success "compte cible : clé créée dans le coffre, jamais montrée" dsi --json account add scanner-1 "$account" --method key
json key <"$out" >>"$ECLUSE_ROOT/target/authorized_keys"
# The desktop, where this machine can run one; a container that is not root's cannot.
desktop=no assets=scanner-1 accounts=$account functions=shell,exec,file_up,file_down
if start_rdp_target 1; then
    desktop=yes assets=scanner-1,poste-1 accounts=$account,desk1 functions=$functions,desktop
    true_that "seconde cible : un vrai bureau xrdp sur 127.0.0.1:$RDP_TARGET_PORT"
    expect_success "bureau déclaré" dsi asset create poste-1 --protocol rdp --security tls \
        --description "Poste de l'IRM" --host 127.0.0.1 --port "$RDP_TARGET_PORT" --usage-hours never --sessions 4
    expect_success "certificat du bureau épinglé" dsi asset pin poste-1 --certificate "$RDP_TARGET_CERTIFICATE" \
        --fingerprint "$(openssl x509 -in "$RDP_TARGET_CERTIFICATE" -noout -fingerprint -sha256 | cut -d= -f2)"
    expect_success "bureau au contrat du titulaire" dsi vendor asset-add Imagelec poste-1
    printf '%s\n' "$RDP_TARGET_PASSWORD" >"$ECLUSE_ROOT/desk1.password"
    expect_success "mot de passe du bureau mis au coffre, jamais rendu" \
        dsi account add poste-1 desk1 --method password --secret-file "$ECLUSE_ROOT/desk1.password"
    start_rdp_door || false_that "la porte RDP s'ouvre"
    true_that "porte RDP ouverte (127.0.0.1:$ECLUSE_RDP_PORT)"
    leaving_from 127.0.0.2 "$ECLUSE_RDP_PORT" || false_that "le poste de l'intervenante sort par 127.0.0.2"
else
    printf '  - pas de bureau à distance ici : %s\n' "$(tail -n 1 "$ECLUSE_ROOT/logs/rdp-target.log")"
fi
printf 'Charte de télémaintenance du CH de Valmont.\nLes sessions sont enregistrées ; chacun agit sous son nom.\n' \
    >"$ECLUSE_ROOT/charte.txt"
expect_success "charte publiée" dsi charter publish "$ECLUSE_ROOT/charte.txt" --title "Charte de télémaintenance"
expect_success "charte acceptée par l'intervenante" technician charter accept 1
pocket=$ECLUSE_ROOT/people/n.belkacem
ssh-keygen -q -t ed25519 -N '' -C n.belkacem -f "$pocket/id"
mapfile -t signature < <(signing n.belkacem)
expect_success "clé SSH de l'intervenante ajoutée (mot de passe et code redemandés)" \
    technician key add "$pocket/id.pub" --label portable "${signature[@]}"

# What ssh asks on a terminal, answered from the technician's pocket.
cat >"$pocket/askpass" <<ASKPASS
#!/usr/bin/env bash
export ECLUSE_ROOT='$ECLUSE_ROOT' ECLUSE_BIN='$ECLUSE_BIN' ECLUSE_TIME_SHIFT=\${ECLUSE_TIME_SHIFT:-0}
. '$PWD/scripts/people.sh'
case "\$1" in
*ode*) code n.belkacem ;;
*) cat '$pocket/password' ;;
esac
ASKPASS
chmod 700 "$pocket/askpass"
cat >"$pocket/ssh_config" <<CONFIG
Host ecluse
    HostName 127.0.0.1
    Port $ECLUSE_PORT
    User n.belkacem+scanner-1
    BindAddress 127.0.0.2
    IdentityFile $pocket/id
    IdentitiesOnly yes
    StrictHostKeyChecking accept-new
    UserKnownHostsFile $pocket/known_hosts
    ControlPath $ECLUSE_ROOT/run/master
    ConnectTimeout 10
CONFIG
as_technician() {
    DISPLAY=none SSH_ASKPASS="$pocket/askpass" SSH_ASKPASS_REQUIRE=force "$@"
}
# request_window OPENS CLOSES: asked by the technician; prints its id.
request_window() {
    technician --json window request --asset "$assets" --account "$accounts" --opens "$1" --closes "$2" \
        --function "$functions" --nature corrective --reason "panne du lecteur de disques" \
        --ticket INC-4471 --procedure P-12
}

if [ "$auto" = no ]; then
    request_window +1m +4h >"$out" 2>&1 || false_that "créneau demandé"
    window=$(json window <"$out")
    expect_success "créneau demandé puis approuvé" dsi window approve "$window"
    # A browser of this machine comes from 127.0.0.1.
    expect_success "adresse de votre navigateur déclarée" ctl --json --as p.meyer source declare 127.0.0.1/32 --kind vpn --reason "navigateur de la démonstration"
    expect_success "et approuvée" dsi source approve "$(json source <"$out")"
    cat >"$ECLUSE_ROOT/code" <<CODE
#!/usr/bin/env bash
export ECLUSE_ROOT='$ECLUSE_ROOT' ECLUSE_BIN='$ECLUSE_BIN'
. '$PWD/scripts/people.sh'
code "\$1"
CODE
    chmod 700 "$ECLUSE_ROOT/code"
    keep=yes
    rdp_lines=
    if [ "$desktop" = yes ]; then
        rdp_lines="  Un bureau : demander un ticket, puis l'ouvrir aussitôt (il vaut une minute, une fois ; mot de passe vide).
    $ECLUSE_BIN/eclusectl --root $ECLUSE_ROOT --as n.belkacem rdp-ticket --asset poste-1 --from 127.0.0.2 \\
        --output $ECLUSE_ROOT/bureau.rdp --password-file $pocket/password --code \$($ECLUSE_ROOT/code n.belkacem) &&
    xfreerdp3 $ECLUSE_ROOT/bureau.rdp /v:127.0.0.1:$RDP_WIRE_PORT /p: /cert:tofu /kbd:layout:0x0000040C
"
    fi
    chapter "Tout est en marche. À essayer dans un autre terminal (le créneau s'ouvre dans une minute) :"
    cat <<LINES
  Au navigateur (le certificat est celui de la démonstration : acceptez-le) ; identifiant, puis mot de passe et code ci-dessous :
    https://127.0.0.1:$ECLUSE_CONSOLE_PORT   console de l'établissement, c.leroy
    https://127.0.0.1:$ECLUSE_PORTAL_PORT   portail, n.belkacem
    cat $ECLUSE_ROOT/people/c.leroy/password ; $ECLUSE_ROOT/code c.leroy
    cat $ECLUSE_ROOT/people/n.belkacem/password ; $ECLUSE_ROOT/code n.belkacem
  Le code du moment de l'intervenante :
    $ECLUSE_ROOT/code n.belkacem
  Une session (le code est demandé), une commande, un fichier :
    ssh -F $pocket/ssh_config ecluse
    ssh -F $pocket/ssh_config ecluse uname -a
    scp -F $pocket/ssh_config /etc/os-release ecluse:
$rdp_lines  Depuis une adresse non déclarée : aucune réponse.
    ssh -p $ECLUSE_PORT -b 127.0.0.3 n.belkacem@127.0.0.1
  Côté DSI : voir, prolonger, couper, fermer.
    $ECLUSE_BIN/eclusectl --root $ECLUSE_ROOT --as c.leroy session list
    $ECLUSE_BIN/eclusectl --root $ECLUSE_ROOT --as c.leroy window extend $window --to +5h --reason "suite"
    $ECLUSE_BIN/eclusectl --root $ECLUSE_ROOT --as c.leroy window close $window --reason "fin"
  Côté RSSI : relire une session (phrase de passe dans $ECLUSE_ROOT/rssi.passphrase).
    $ECLUSE_BIN/eclusectl --root $ECLUSE_ROOT --as m.petit recording list
    $ECLUSE_BIN/eclusectl --root $ECLUSE_ROOT --as m.petit recording play S-… --reason "contrôle" \\
        --key-file $ECLUSE_ROOT/remise/rssi.p12 --passphrase-file $ECLUSE_ROOT/rssi.passphrase
  Une session d'eclusectl dure 15 minutes sans activité ; pour la rouvrir :
    $ECLUSE_BIN/eclusectl --root $ECLUSE_ROOT login c.leroy \\
        --password-file $ECLUSE_ROOT/people/c.leroy/password --code \$($ECLUSE_ROOT/code c.leroy)

  Ctrl-C arrête tout ; le dossier $ECLUSE_ROOT reste.
LINES
    while :; do sleep 3600 & wait $!; done
fi

. scripts/demo-story.sh
chapter "${green}Les $steps étapes sont vraies.${plain}"

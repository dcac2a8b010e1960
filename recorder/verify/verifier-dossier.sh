#!/bin/sh
# Vérifie un dossier de preuve Écluse avec openssl, sha256sum et les outils ordinaires seulement.
# Aucune clé secrète n'est nécessaire. Le format est décrit dans docs/formats/evidence-pack.md.
#
#   sh verifier.sh [-c CERTIFICAT] [-t AUTORITÉ] [DOSSIER]
#
#   -c CERTIFICAT  exemplaire de confiance du certificat de preuve (PEM)
#   -t AUTORITÉ    exemplaire de confiance du certificat de l'autorité d'horodatage (PEM)
#   DOSSIER        dossier extrait de l'archive ; sans lui, celui où se trouve ce fichier
#
# Résultat : 0 si tout est intègre, 7 si quelque chose est altéré, 2 si l'appel est faux.
# Chaque défaut est nommé avec son fichier et sa place.
set -uf
LC_ALL=C
export LC_ALL

trusted=
authority=
while getopts c:t: option; do
    case $option in
    c) trusted=$OPTARG ;;
    t) authority=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -le 1 ] || { echo "Usage : sh verifier.sh [-c CERTIFICAT] [-t AUTORITÉ] [DOSSIER]" >&2; exit 2; }
if [ -n "$trusted" ]; then
    [ -r "$trusted" ] || { echo "Certificat illisible : $trusted" >&2; exit 2; }
    trusted=$(realpath -- "$trusted")
fi
if [ -n "$authority" ]; then
    [ -r "$authority" ] || { echo "Certificat illisible : $authority" >&2; exit 2; }
    authority=$(realpath -- "$authority")
fi
cd -- "${1:-$(dirname -- "$0")}" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM

faults=0
fault() {
    faults=$((faults + 1))
    printf 'ALTÉRÉ. %s\n' "$1"
}
digest_of() { sha256sum <"$1" | cut -d' ' -f1; }
is_file() { [ -f "$1" ] && [ ! -h "$1" ]; }

# Signature ECDSA : exactement une structure DER, rien derrière (openssl ne lit pas la suite).
check_signature() { # clé publique, message, signature
    length=$(wc -c <"$3" | tr -d ' ')
    [ "$length" -ge 8 ] && [ "$length" -le 127 ] || return 1
    set -- "$1" "$2" "$3" $(od -An -tu1 -N2 "$3")
    [ "$4" -eq 48 ] && [ "$((2 + $5))" -eq "$length" ] || return 1
    openssl dgst -sha256 -verify "$1" -signature "$3" "$2" >/dev/null 2>&1
}

# Le certificat, puis la liste signée : rien d'autre ne vaut avant elle.
check_manifest() {
    for file in manifeste.sha256 manifeste.sig certificats/preuve.pem; do
        is_file "$file" || { fault "$file : ce fichier manque ; le dossier est incomplet."; return 1; }
    done
    if ! openssl x509 -in certificats/preuve.pem -outform DER -out "$work/preuve.der" 2>/dev/null; then
        fault "certificats/preuve.pem : ce certificat est illisible."
        return 1
    fi
    if [ -n "$trusted" ]; then
        openssl x509 -in "$trusted" -outform DER -out "$work/trusted.der" 2>/dev/null &&
            cmp -s "$work/trusted.der" "$work/preuve.der" ||
            fault "certificats/preuve.pem : ce certificat de preuve n'est pas celui qui est attendu."
    fi
    openssl x509 -inform DER -in "$work/preuve.der" -noout -pubkey >"$work/preuve.pub"
    check_signature "$work/preuve.pub" manifeste.sha256 manifeste.sig ||
        fault "manifeste.sha256 : la signature de la liste est fausse ; manifeste.sha256, manifeste.sig ou certificats/preuve.pem a été modifié."
    grep -nvE '^[0-9a-f]{64}  [A-Za-z0-9._/-]+$' manifeste.sha256 >"$work/strange" &&
        fault "manifeste.sha256, ligne $(sed -n '1s/:.*//p' "$work/strange") : forme imprévue."
    cut -c 67- manifeste.sha256 >"$work/names"
    sort -c -u "$work/names" 2>/dev/null ||
        fault "manifeste.sha256 : les lignes ont été déplacées ou répétées."
    grep -qE '(^|/)\.\.?(/|$)|^/' "$work/names" &&
        { fault "manifeste.sha256 : un nom sort du dossier."; return 1; }
    return 0
}

check_files() {
    : >"$work/altered"
    number=0
    while IFS= read -r entry; do
        number=$((number + 1))
        name=${entry#*  }
        if ! is_file "$name"; then
            fault "$name : ce fichier manque (manifeste.sha256, ligne $number)."
        elif [ "$(digest_of "$name")" != "${entry%%  *}" ]; then
            fault "$name : ce fichier n'est pas celui de la liste (manifeste.sha256, ligne $number)."
        else
            continue
        fi
        echo "$name" >>"$work/altered"
    done <manifeste.sha256
    find . ! -type d | cut -c 3- | sort >"$work/found"
    printf '%s\n' manifeste.sha256 manifeste.sig | sort - "$work/names" >"$work/listed"
    comm -23 "$work/found" "$work/listed" >"$work/more"
    while IFS= read -r name; do
        fault "$name : ce fichier n'est pas dans la liste ; il a été ajouté."
    done <"$work/more"
}

# Un outil du dossier ne sert que s'il est celui de la liste.
is_listed() { grep -qxF "$1" "$work/names" && ! grep -qxF "$1" "$work/altered"; }

# Le détail : segment et octet d'un enregistrement.
check_sessions() {
    sed -n 's|^sessions/\(S-[A-Za-z0-9]*\)/header\.json$|\1|p' "$work/names" >"$work/sessions"
    grep -o '"session":"S-[A-Za-z0-9]*"' dossier.json 2>/dev/null | cut -d'"' -f4 | sort >"$work/announced"
    cmp -s "$work/sessions" "$work/announced" ||
        fault "dossier.json : les sessions annoncées ne sont pas celles du dossier."
    is_listed outils/verifier-sessions.sh ||
        { fault "outils/verifier-sessions.sh : absent ou altéré ; le détail des sessions n'est pas contrôlé."; return; }
    while IFS= read -r session; do
        # shellcheck disable=SC2086
        said=$(sh outils/verifier-sessions.sh ${trusted:+-c "$trusted"} "sessions/$session") || faults=$((faults + 1))
        printf '%s\n' "$said" | sed "s|^$session : ALTÉRÉ\. |ALTÉRÉ. sessions/$session/|"
    done <"$work/sessions"
}

# Le détail : ligne du journal. Puis le journal doit connaître chaque sceau : une session mise à la
# place d'une autre, fût-elle intègre, n'est pas celle que le journal annonce.
check_journal() {
    is_listed outils/verifier-journal.sh ||
        { fault "outils/verifier-journal.sh : absent ou altéré ; le journal n'est pas contrôlé."; return; }
    is_file journal/extraits.log && is_file journal/extraits.jsonl || return
    sh outils/verifier-journal.sh -e journal/extraits.jsonl journal/extraits.log certificats/preuve.pem \
        >"$work/journal" 2>&1 || faults=$((faults + 1))
    sed -e 's/^ligne 0 : /ALTÉRÉ. journal, extraits.log ou extraits.jsonl : /' \
        -e 's/^ligne \([0-9]*\) : /ALTÉRÉ. journal\/extraits.log, ligne \1 : /' -e 's/^INTACT/Journal : intègre./' "$work/journal"
    sed -n 's/.*"event_base64":"\([A-Za-z0-9+/=]*\)"}$/\1/p' journal/extraits.jsonl >"$work/encoded"
    while IFS= read -r event; do
        printf '%s' "$event" | base64 -d 2>/dev/null
        echo
    done <"$work/encoded" >"$work/events"
    while IFS= read -r session; do
        is_file "sessions/$session/seal.json" || continue
        grep -F "\"object\":\"$session\"" "$work/events" | grep -F '"seal_sha256":' >"$work/seals"
        if [ ! -s "$work/seals" ]; then
            echo "$session : le contenu du journal sur ce sceau est absent (effacé à son terme, ou échec de l'enregistrement)."
        elif ! grep -qF "\"seal_sha256\":\"$(digest_of "sessions/$session/seal.json")\"" "$work/seals"; then
            fault "sessions/$session/seal.json : le journal ne connaît pas ce sceau."
        fi
    done <"$work/sessions"
}

# Un jeton d'horodatage : de cette empreinte, par une autorité dont le certificat valait quand elle a signé.
check_token() { # fichier, empreinte, de quoi
    said=$(openssl ts -reply -token_in -in "$1" -text 2>/dev/null | sed -n 's/^Time stamp: //p')
    at=$(date -u -d "$said" +%s 2>/dev/null)
    if [ -z "$said" ] || [ -z "$at" ] ||
        ! openssl ts -verify -token_in -in "$1" -digest "$2" -CAfile "$believed" -attime "$at" >/dev/null 2>&1; then
        fault "$1 : ce jeton n'horodate pas $3, ou son autorité n'est pas celle qui est attendue."
        return
    fi
    echo "$3 : horodaté le $(date -u -d "@$at" '+%d/%m/%Y à %H:%M:%S UTC')."
}

check_timestamps() {
    grep '^horodatages/.*\.tst$' "$work/names" >"$work/tokens" || return
    believed=${authority:-certificats/horodatage.pem}
    is_file "$believed" || { echo "Les jetons d'horodatage ne sont pas contrôlés : aucun certificat de leur autorité (-t)."; return; }
    while IFS= read -r token; do
        is_file "$token" || continue
        name=${token#horodatages/}
        name=${name%.tst}
        case $name in
        S-*)
            is_file "sessions/$name/seal.json" || continue
            check_token "$token" "$(digest_of "sessions/$name/seal.json")" "sessions/$name/seal.json"
            ;;
        journal-*)
            link=$(sed -n "s/^C ${name#journal-} .* \([0-9a-f]\{64\}\)\$/\1/p" journal/extraits.log | head -n 1)
            [ -n "$link" ] || { fault "$token : le point de contrôle n'est pas dans journal/extraits.log."; continue; }
            check_token "$token" "$link" "journal, jusqu'au n° ${name#journal-}"
            ;;
        *) fault "$token : nom imprévu." ;;
        esac
    done <"$work/tokens"
    [ -n "$authority" ] || echo "L'autorité d'horodatage n'a pas été comparée à un exemplaire de confiance (-t)."
}

if check_manifest; then
    check_files
    check_sessions
    check_journal
    check_timestamps
fi
[ -n "$trusted" ] || echo "Le certificat de preuve n'a pas été comparé à un exemplaire de confiance (-c)."
if [ "$faults" -ne 0 ]; then
    echo "DOSSIER ALTÉRÉ."
    exit 7
fi
echo "DOSSIER INTÈGRE : $(wc -l <"$work/names" | tr -d ' ') fichiers."

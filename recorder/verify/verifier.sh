#!/bin/sh
# Vérifie des enregistrements de session Écluse avec openssl, sha256sum et les outils ordinaires
# seulement. Aucune clé secrète n'est nécessaire.
#
#   sh verifier.sh [-c CERTIFICAT] [-n] DOSSIER...
#
#   -c CERTIFICAT  exemplaire de confiance du certificat de preuve (PEM) auquel comparer evidence.pem
#   -n             accepter un enregistrement qui n'est pas encore contresigné
#
# Résultat : 0 si tout est intègre, 7 si un enregistrement est altéré, 2 si l'appel est faux.
# Chaque fichier, chaque segment et chaque signature est contrôlé ; le premier défaut est nommé.
set -u
LC_ALL=C
export LC_ALL

trusted=
allow_not_countersigned=no
# Plus qu'aucun segment n'en a (docs/formats/recording.md).
segment_max=4194304
while getopts c:n option; do
    case $option in
    c) trusted=$OPTARG ;;
    n) allow_not_countersigned=yes ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
if [ $# -eq 0 ]; then
    echo "Usage : sh verifier.sh [-c CERTIFICAT] [-n] DOSSIER..." >&2
    exit 2
fi
if [ -n "$trusted" ] && [ ! -r "$trusted" ]; then
    echo "Certificat illisible : $trusted" >&2
    exit 2
fi
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM

digest_of() { sha256sum <"$1" | cut -d' ' -f1; }

size_of() { wc -c <"$1" | tr -d ' '; }

# Le défaut du dossier en cours ; le sous-shell qui le contrôle s'arrête là.
fault() {
    printf '%s : ALTÉRÉ. %s\n' "$name" "$1"
    exit 7
}

# Un texte : sans octet nul, que le shell ignorerait.
check_text() {
    [ -f "$folder/$1" ] && [ ! -h "$folder/$1" ] || fault "$1 : ce fichier manque."
    tr -d '\000' <"$folder/$1" | cmp -s - "$folder/$1" || fault "$1 : ce fichier a été modifié."
}

# Signature ECDSA : exactement une structure DER, rien derrière (openssl ne lit pas la suite).
check_signature() { # clé publique, message, signature
    length=$(size_of "$3")
    [ "$length" -ge 8 ] && [ "$length" -le 127 ] || return 1
    set -- "$1" "$2" "$3" $(od -An -tu1 -N2 "$3")
    [ "$4" -eq 48 ] && [ "$((2 + $5))" -eq "$length" ] || return 1
    openssl dgst -sha256 -verify "$1" -signature "$3" "$2" >/dev/null 2>&1
}

read_header() {
    check_text header.json
    [ "$(wc -l <"$folder/header.json" | tr -d ' ')" -eq 1 ] || fault "header.json : forme imprévue."
    sed -n 's/^{"format":"ecluse-recording-1","session":"\(S-[A-Za-z0-9]*\)","created":"[^"]*","mono_ms":\([0-9]*\),"recorder":"[^"]*","session_key":"\([A-Za-z0-9+/=]*\)","key_id":"[0-9a-f]*","key_commitment":"[0-9a-f]*","recipients":\[\([^]]*\)\],\("evidence_certificate_sha256":"[0-9a-f]*",\)\{0,1\}"facts":{.*}}$/\1 \2 \3 \4 \5/p' \
        "$folder/header.json" >"$work/header"
    [ -s "$work/header" ] || fault "header.json : forme imprévue."
    read -r session first_mono key recipients evidence <"$work/header"
    evidence=$(printf '%s' "$evidence" | sed 's/.*:"//; s/",$//')
    header_digest=$(digest_of "$folder/header.json")
    {
        echo "-----BEGIN PUBLIC KEY-----"
        printf '%s\n' "$key" | fold -w 64
        echo "-----END PUBLIC KEY-----"
    } >"$work/session.pem"
}

read_seal() {
    check_text seal.json
    [ "$(wc -l <"$folder/seal.json" | tr -d ' ')" -eq 1 ] || fault "seal.json : forme imprévue."
    sed -n 's/^{"format":"ecluse-seal-1","session":"\(S-[A-Za-z0-9]*\)","header_sha256":"\([0-9a-f]*\)","segments":\([0-9]*\),"record_bytes":\([0-9]*\),"chain_bytes":\([0-9]*\),"last_link":"\([0-9a-f]*\)","end_reason":"\([a-z_]*\)","interrupted":\(true\|false\),"first_mono_ms":\([0-9]*\),"last_mono_ms":\([0-9]*\),"sealed_utc_ms":[0-9]*,"gaps_total":\([0-9]*\),"gaps":\[[^]]*\],"clock_jumps_total":[0-9]*,"clock_jumps":\[[^]]*\]\(.*\)}$/\1 \2 \3 \4 \5 \6 \7 \8 \9/p' \
        "$folder/seal.json" >"$work/seal"
    [ -s "$work/seal" ] || fault "seal.json : forme imprévue."
    read -r seal_session seal_header segments record_bytes chain_bytes last_link reason \
        interrupted seal_first_mono <"$work/seal"
    torn=$(sed -n 's/.*"clock_jumps":\[[^]]*\],"torn":{"record_bytes":\([0-9]*\),"record_sha256":"\([0-9a-f]*\)","chain_bytes":\([0-9]*\),"chain_sha256":"\([0-9a-f]*\)"}}$/\1 \2 \3 \4/p' "$folder/seal.json")
    text=$(sed -n 's/.*"clock_jumps":\[[^]]*\],"text":{"bytes":\([0-9]*\),"sha256":"\([0-9a-f]*\)"}}$/\1 \2/p' "$folder/seal.json")
    [ "$seal_session" = "$session" ] || fault "seal.json : ce sceau est celui d'une autre session."
    [ "$seal_header" = "$header_digest" ] ||
        fault "header.json : l'en-tête n'est pas celui qui a été scellé."
    [ "$seal_first_mono" = "$first_mono" ] || fault "seal.json : le sceau contredit l'en-tête."
    if [ "$interrupted" = true ]; then
        [ ! -e "$folder/seal.sig" ] ||
            fault "seal.sig : un enregistrement interrompu ne peut pas porter cette signature."
    else
        [ -f "$folder/seal.sig" ] || fault "seal.sig : ce fichier manque."
        check_signature "$work/session.pem" "$folder/seal.json" "$folder/seal.sig" ||
            fault "seal.sig : la signature du sceau est fausse ; seal.json ou seal.sig a été modifié."
    fi
}

# Ce qui explique pourquoi le contenu et les clés ne sont plus là : le certificat de purge.
check_purge() {
    purged=
    [ -e "$folder/purge.json" ] || [ -e "$folder/purge.sig" ] || return 0
    check_text purge.json
    [ -f "$folder/purge.sig" ] || fault "purge.sig : ce fichier manque."
    [ "$(wc -l <"$folder/purge.json" | tr -d ' ')" -eq 1 ] || fault "purge.json : forme imprévue."
    sed -n 's/^{"format":"ecluse-purge-1","session":"\(S-[A-Za-z0-9]*\)","header_sha256":"\([0-9a-f]*\)","seal_sha256":"\([0-9a-f]*\)","ended":"\([0-9TZ:-]*\)","kept_days":\([0-9]*\),"purged":"\([0-9TZ:-]*\)"}$/\1 \2 \3 \4 \5 \6/p' \
        "$folder/purge.json" >"$work/purge"
    [ -s "$work/purge" ] || fault "purge.json : forme imprévue."
    read -r purge_session purge_header purge_seal ended kept_days purged <"$work/purge"
    [ "$purge_session" = "$session" ] && [ "$purge_header" = "$header_digest" ] &&
        [ "$purge_seal" = "$(digest_of "$folder/seal.json")" ] &&
        [ -s "$work/evidence.pub" ] && check_signature "$work/evidence.pub" "$folder/purge.json" "$folder/purge.sig" ||
        fault "purge.json : le certificat de purge n'est pas celui de cet enregistrement, ou sa signature est fausse."
}

# Un fichier que la purge a détruit.
is_gone() { [ -n "$purged" ] && [ ! -e "$folder/$1" ]; }

check_keys() {
    printf '%s\n' "$recipients" | tr '{' '\n' |
        sed -n 's/.*"file":"\(key-[a-z]*\.cms\)","sha256":"\([0-9a-f]*\)".*/\1 \2/p' >"$work/keys"
    [ -s "$work/keys" ] || fault "header.json : aucun destinataire."
    while read -r file wanted; do
        is_gone "$file" && continue
        [ -f "$folder/$file" ] || fault "$file : ce fichier manque."
        [ "$(digest_of "$folder/$file")" = "$wanted" ] ||
            fault "$file : l'empreinte de ce fichier n'est pas celle de l'en-tête."
    done <"$work/keys"
}

check_countersignature() {
    if [ ! -e "$folder/seal.evidence.sig" ] && [ ! -e "$folder/evidence.pem" ] &&
        [ $allow_not_countersigned = yes ]; then
        return
    fi
    [ -f "$folder/seal.evidence.sig" ] || fault "seal.evidence.sig : la contresignature manque."
    check_text evidence.pem
    openssl x509 -in "$folder/evidence.pem" -out "$work/evidence.pem" 2>/dev/null &&
        cmp -s "$work/evidence.pem" "$folder/evidence.pem" ||
        fault "evidence.pem : forme imprévue."
    openssl x509 -in "$folder/evidence.pem" -outform DER -out "$work/evidence.der"
    if [ -n "$trusted" ]; then
        openssl x509 -in "$trusted" -outform DER -out "$work/trusted.der" 2>/dev/null &&
            cmp -s "$work/trusted.der" "$work/evidence.der" ||
            fault "evidence.pem : ce certificat de preuve n'est pas celui qui est attendu."
    fi
    [ -z "$evidence" ] || [ "$(digest_of "$work/evidence.der")" = "$evidence" ] ||
        fault "evidence.pem : ce certificat de preuve n'est pas celui que nomme l'en-tête."
    openssl x509 -in "$folder/evidence.pem" -noout -pubkey >"$work/evidence.pub"
    check_signature "$work/evidence.pub" "$folder/seal.json" "$folder/seal.evidence.sig" ||
        fault "seal.evidence.sig : la contresignature est fausse ; seal.json ou seal.evidence.sig a été modifié."
}

# Un programme lancé par ligne prendrait des minutes : les empreintes se calculent d'avance, par lots. Ce qui suit ne
# juge rien, et s'arrête là où la chaîne se contredit ; la lecture de la chaîne compare, ligne par ligne.
digest_lot() { # fichier de résultat
    [ ! -e "$work/lot.1000" ] || sha256sum "$work"/lot.* | cut -c 1-64 >>"$1"
    rm -f "$work"/lot.*
}

compute_links() {
    : >"$work/links"
    awk -v previous="$header_digest" '{
        at = length($0)
        while (at > 0 && substr($0, at, 1) != " ") at--
        print previous " " (at > 0 ? substr($0, 1, at - 1) : $0)
        previous = substr($0, at + 1)
    }' "$folder/chain.txt" | split -a 5 -l 4000 - "$work/part."
    for part in "$work"/part.*; do
        [ -e "$part" ] || continue
        split -a 4 --numeric-suffixes=1000 -l 1 "$part" "$work/lot."
        rm -f "$part"
        truncate -s -1 "$work"/lot.*
        digest_lot "$work/links"
    done
}

compute_segments() {
    : >"$work/segments"
    is_gone record.bin && return
    count=0
    position=0
    lot=1000
    while read -r kind index offset length _; do
        [ "$kind" = s ] || continue
        case $index$offset$length in '' | *[!0-9]* | ????????????????????????????????????????*) break ;; esac
        [ "$index" -eq "$count" ] && [ "$offset" -eq "$position" ] && [ "$length" -gt 0 ] &&
            [ "$length" -le "$segment_max" ] || break
        dd bs="$length" count=1 iflag=fullblock of="$work/lot.$lot" 2>/dev/null <&3
        count=$((count + 1))
        position=$((position + length))
        lot=$((lot + 1))
        if [ "$lot" -eq 1200 ]; then
            digest_lot "$work/segments"
            lot=1000
        fi
    done <"$folder/chain.txt"
    digest_lot "$work/segments"
}

check_segment() { # index, position, longueur, empreinte
    [ "$1" -eq "$count" ] && [ "$2" -eq "$position" ] && [ "$3" -gt 0 ] ||
        fault "chain.txt, segment n° $count : la chaîne est rompue."
    if ! is_gone record.bin; then
        read -r found <&5 || found=
        [ "$found" = "$4" ] ||
            fault "record.bin, segment n° $1, octet $2 : le contenu a été modifié ou manque."
    fi
    count=$((count + 1))
    position=$((position + $3))
}

check_checkpoint() { # nombre de segments, signature
    [ "$1" -eq "$count" ] || fault "chain.txt, segment n° $count : la chaîne est rompue."
    printf 'ecluse-checkpoint 1 %s %s %s' "$session" "$1" "$previous" >"$work/message"
    printf '%s' "$2" | openssl base64 -d -A >"$work/signature" 2>/dev/null
    [ "$(openssl base64 -A -in "$work/signature")" = "$2" ] &&
        check_signature "$work/session.pem" "$work/message" "$work/signature" ||
        fault "chain.txt, segment n° $count : la signature de ce point de contrôle est fausse."
}

check_chain() {
    check_text chain.txt
    is_gone record.bin || [ -f "$folder/record.bin" ] || fault "record.bin : ce fichier manque."
    length=$(size_of "$folder/chain.txt")
    [ "$length" -ge "$chain_bytes" ] || fault "chain.txt : la chaîne a été raccourcie ; il manque la fin."
    [ "$length" -le "$chain_bytes" ] || fault "chain.txt : des lignes ont été ajoutées après la fin scellée."
    compute_links
    if ! is_gone record.bin; then exec 3<"$folder/record.bin"; fi
    compute_segments
    exec 4<"$work/links" 5<"$work/segments"
    previous=$header_digest
    count=0
    position=0
    set -f
    while IFS= read -r line; do
        link=${line##* }
        words=${line% *}
        read -r computed <&4 || computed=
        [ "$computed" = "$link" ] ||
            fault "chain.txt, segment n° $count : la chaîne est rompue ; une ligne a été modifiée, déplacée, ajoutée ou retirée."
        set -- $words
        case $1/$# in
        s/7) check_segment "$2" "$3" "$4" "$5" ;;
        c/3) check_checkpoint "$2" "$3" ;;
        *) fault "chain.txt, segment n° $count : ligne inconnue." ;;
        esac
        previous=$link
    done <"$folder/chain.txt"
    exec 3<&- 4<&- 5<&-
    [ "$previous" = "$last_link" ] && [ "$count" -eq "$segments" ] &&
        [ "$position" -eq "$record_bytes" ] || fault "seal.json : le sceau ne correspond pas à la chaîne."
    is_gone record.bin || [ "$(size_of "$folder/record.bin")" -eq "$record_bytes" ] ||
        fault "record.bin, octet $record_bytes : des octets ont été ajoutés après la fin scellée."
}

check_torn_file() { # fichier, taille, empreinte
    if [ "$2" -eq 0 ]; then
        [ ! -e "$folder/$1" ] || fault "$1 : ce fichier n'est pas annoncé par le sceau."
        return
    fi
    if [ "$1" = torn-record.bin ] && is_gone "$1"; then return; fi
    [ -f "$folder/$1" ] && [ "$(size_of "$folder/$1")" -eq "$2" ] &&
        [ "$(digest_of "$folder/$1")" = "$3" ] ||
        fault "$1 : l'empreinte de ce fichier n'est pas celle qui a été scellée."
}

check_torn() {
    # shellcheck disable=SC2086 # quatre mots, voulus
    set -- ${torn:-0 - 0 -}
    check_torn_file torn-record.bin "$1" "$2"
    check_torn_file torn-chain.txt "$3" "$4"
}

check_text_file() {
    if [ -z "$text" ]; then
        [ ! -e "$folder/text.bin" ] || fault "text.bin : ce fichier n'est pas annoncé par le sceau."
        return
    fi
    is_gone text.bin || { [ -f "$folder/text.bin" ] && [ "$(size_of "$folder/text.bin")" -eq "${text% *}" ] &&
        [ "$(digest_of "$folder/text.bin")" = "${text#* }" ]; } ||
        fault "text.bin : l'empreinte de ce fichier n'est pas celle qui a été scellée."
}

check_folder() {
    [ -d "$folder" ] || fault "Ce dossier manque."
    rm -f "$work"/*
    read_header
    name=$session
    read_seal
    check_countersignature
    check_purge
    check_keys
    check_chain
    check_torn
    check_text_file
    printf '%s : intègre, %s segments, fin : %s.\n' "$session" "$segments" "$reason"
    [ -z "$purged" ] ||
        echo "  Contenu purgé à son terme le $purged (fin $ended, conservation $kept_days jours) ; l'en-tête, la chaîne et le sceau restent vérifiés."
    [ "$interrupted" = false ] ||
        echo "  Enregistrement interrompu : après le dernier point de contrôle, seule la contresignature atteste le contenu."
    [ -n "$trusted" ] ||
        echo "  Le certificat de preuve n'a pas été comparé à un exemplaire de confiance (-c)."
}

status=0
for folder in "$@"; do
    name=$folder
    (check_folder) || status=7
done
exit $status

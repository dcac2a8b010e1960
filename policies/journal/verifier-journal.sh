#!/bin/sh
# Vérifie un journal de la passerelle sans elle : sh, openssl, sha256sum et coreutils suffisent.
# Le format est décrit dans docs/formats/journal.md.
#
#   verifier-journal.sh [-e EXPORT] [-t SÉQUENCE:LIEN] JOURNAL CERTIFICAT
#
# JOURNAL est un journal entier, ou les extraits d'un dossier de preuve : chaque suite de lignes y va
# jusqu'à un point de contrôle signé, et l'EXPORT n'a que les événements qui concernent le dossier.
#
#   -e EXPORT          sels et événements (lignes JSON) : vérifie aussi les contenus
#   -t SÉQUENCE:LIEN   tête connue par ailleurs (compte rendu, courriel) : doit être dans le journal
#
# Sortie : 0 intact, 1 anomalies (affichées avec leur ligne), 2 usage ou fichier illisible.
set -uf
LC_ALL=C
export LC_ALL

usage() {
    echo "usage : verifier-journal.sh [-e EXPORT] [-t SÉQUENCE:LIEN] JOURNAL CERTIFICAT" >&2
    exit 2
}
export_file=
known_head=
while getopts e:t: option; do
    case $option in
    e) export_file=$OPTARG ;;
    t) known_head=$OPTARG ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -eq 2 ] || usage
journal=$1
certificate=$2
for file in "$journal" "$certificate" ${export_file:+"$export_file"}; do
    [ -r "$file" ] || { echo "illisible : $file" >&2; exit 2; }
done

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
openssl x509 -in "$certificate" -noout -pubkey >"$work/public.pem" 2>/dev/null ||
    { echo "certificat illisible : $certificate" >&2; exit 2; }

faults=0
fault() {
    faults=$((faults + 1))
    echo "ligne $1 : $2"
}
digest() {
    set -- "$(sha256sum)"
    echo "${1%% *}"
}
is_digest() {
    [ ${#1} -eq 64 ] || return 1
    case $1 in *[!0-9a-f]*) return 1 ;; esac
}
is_sequence() {
    case $1 in '' | *[!0-9]* | 0?*) return 1 ;; esac
    [ ${#1} -le 18 ]
}
is_time() {
    case $1 in
    [0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9]Z) ;;
    *) return 1 ;;
    esac
}
is_type() {
    case $1 in '' | .* | *. | *[!a-z0-9_.]*) return 1 ;; esac
    [ ${#1} -le 64 ]
}

# « openssl dgst » accepterait des octets après la signature : sa longueur est comparée aussi.
signature_is_valid() {
    printf '%s' "$2" | base64 -d >"$work/signature" 2>/dev/null || return 1
    [ "$(base64 -w 0 <"$work/signature")" = "$2" ] || return 1
    size=$(wc -c <"$work/signature")
    [ "$size" -ge 8 ] && [ "$size" -le 72 ] || return 1
    declared=$(od -An -tu1 -j1 -N1 <"$work/signature")
    [ $((declared + 2)) -eq "$size" ] || return 1
    printf '%s' "$1" >"$work/text"
    openssl dgst -sha256 -verify "$work/public.pem" -signature "$work/signature" "$work/text" \
        >/dev/null 2>&1
}

# Sets exported_sequence, exported_salt and exported_event; 1 at the end of the export.
exported_sequence=0
next_exported() {
    IFS= read -r text <&4 || { [ -z "$text" ] || fault 0 "export : dernière ligne incomplète"; return 1; }
    rest=${text#'{"sequence":'}
    exported_sequence=${rest%%,*}
    rest=${rest#*,}
    exported_salt=
    exported_event=
    if ! is_sequence "$exported_sequence"; then
        fault 0 "export : ligne mal formée"
        exported_sequence=0
        return 1
    fi
    case $rest in
    '"salt":null,"event_base64":null}') ;;
    '"salt":"'*'","event_base64":"'*'"}')
        rest=${rest#'"salt":"'}
        exported_salt=${rest%%'"'*}
        rest=${rest#*'"event_base64":"'}
        exported_event=${rest%'"}'}
        is_digest "$exported_salt" || fault 0 "export : sel mal formé, événement $exported_sequence"
        ;;
    *) fault 0 "export : ligne mal formée, événement $exported_sequence" ;;
    esac
}

pending=no
check_event() {
    while [ $pending = no ] || [ "$exported_sequence" -lt "$1" ]; do
        [ $pending = no ] || fault 0 "export : événement $exported_sequence sans ligne"
        pending=no
        next_exported || break
        pending=yes
    done
    if [ $pending = no ] || [ "$exported_sequence" -ne "$1" ]; then
        [ $excerpts -eq 0 ] || return
        fault $number "événement absent de l'export"
        return
    fi
    pending=no
    if [ -z "$exported_salt" ]; then
        erased=$((erased + 1))
        return
    fi
    found=$({
        printf '%s' "$exported_salt" | tr a-f A-F | basenc --base16 -d
        printf '%s' "$exported_event" | base64 -d
    } 2>/dev/null | digest)
    [ "$found" = "$2" ] || fault $number "l'événement n'est pas celui qui a été engagé"
}

note_head() {
    [ "$sequence:$link" = "$known_head" ] && head_found=yes
    :
}

# A shell drops NUL bytes and may stumble over others: none may be there.
[ "$(tr -d ' -~\n' <"$journal" | wc -c)" -eq 0 ] ||
    fault 0 "octets étrangers au format"

number=0
events=0
checkpoints=0
erased=0
signed=0
sequence=0
link=
chain=
head_found=no
started=no
excerpts=0
kind=

check_header() {
    case $line in "ecluse-journal-excerpt "*) check_excerpt; return ;; esac
    # shellcheck disable=SC2086
    set -- $line
    chain=${3:-}
    case $chain in '' | *[!A-Za-z0-9-]*) chain= ;; esac
    if [ $# -ne 4 ] || [ "ecluse-journal 1 $chain ${4:-}" != "$line" ] || ! is_sequence "$4" ||
        [ "$4" -eq 0 ] || [ ${#chain} -gt 40 ]; then
        fault 1 "ce n'est pas un journal"
        return 1
    fi
    sequence=$(($4 - 1))
    link=$(printf '%s' "$line" | digest)
    note_head
}

# Le début d'une suite de lignes : où elle s'attache. Le point de contrôle qui la termine signe
# ce maillon avec elle.
check_excerpt() {
    # shellcheck disable=SC2086
    set -- $line
    [ $excerpts -eq 0 ] || [ "$kind" = checkpoint ] ||
        fault $number "l'extrait qui précède ne finit pas par un point de contrôle : lignes retirées"
    if [ $# -ne 5 ] || [ "ecluse-journal-excerpt 1 $3 $4 $5" != "$line" ] || ! is_sequence "$4" ||
        ! is_digest "$5" || [ ${#3} -gt 40 ]; then
        fault $number "début d'extrait mal formé"
        return 1
    fi
    case $3 in '' | *[!A-Za-z0-9-]*) fault $number "début d'extrait mal formé"; return 1 ;; esac
    [ $excerpts -eq 0 ] || [ "$4" -ge "$sequence" ] ||
        fault $number "extraits dans le désordre"
    excerpts=$((excerpts + 1))
    chain=$3
    sequence=$4
    link=$5
    kind=excerpt
}

check_line() {
    case $line in
    "ecluse-journal-excerpt "*)
        [ $excerpts -gt 0 ] && { check_excerpt; return; }
        ;;
    esac
    before=$link
    # shellcheck disable=SC2086
    set -- $line
    kind=event
    if [ "${1:-}" = C ]; then
        kind=checkpoint
        shift
        [ $# -eq 4 ] && [ "C $1 $2 $3 $4" = "$line" ] && is_sequence "$1" && is_time "$2" &&
            is_digest "$4" || { fault $number "ligne mal formée"; return; }
        expected=$sequence
        found_link=$4
    else
        [ $# -eq 5 ] && [ "$1 $2 $3 $4 $5" = "$line" ] && is_sequence "$1" && [ "$1" -ne 0 ] &&
            is_time "$2" && is_type "$3" && is_digest "$4" && is_digest "$5" ||
            { fault $number "ligne mal formée"; return; }
        expected=$((sequence + 1))
        found_link=$5
    fi
    if [ "$1" -ne "$expected" ]; then
        fault $number "numéro $1 au lieu de $expected : ligne retirée, ajoutée ou déplacée"
    elif [ "$(printf '%s' "$before ${line% *}" | digest)" != "$found_link" ]; then
        fault $number "le lien ne continue pas la ligne précédente"
    fi
    sequence=$1
    link=$found_link
    note_head
    if [ $kind = checkpoint ]; then
        checkpoints=$((checkpoints + 1))
        if signature_is_valid "ecluse-journal-checkpoint 1 $chain $1 $2 $before" "$3"; then
            signed=$1
        else
            fault $number "signature du point de contrôle non valable"
        fi
    else
        events=$((events + 1))
        [ -z "$export_file" ] || check_event "$1" "$4"
    fi
}

exec 3<"$journal"
[ -z "$export_file" ] || exec 4<"$export_file"
while
    line=
    IFS= read -r line <&3 || { [ -z "$line" ] || fault $((number + 1)) "dernière ligne incomplète"; false; }
do
    number=$((number + 1))
    if [ $started = no ]; then
        check_header || break
        started=yes
    else
        check_line
    fi
done
[ $number -gt 0 ] || fault 1 "journal vide"
if [ -n "$export_file" ]; then
    [ $pending = yes ] || { next_exported && pending=yes; }
    [ $pending = no ] || fault 0 "export : événement $exported_sequence sans ligne"
fi
[ $excerpts -eq 0 ] || [ "$kind" = checkpoint ] ||
    fault $number "le dernier extrait ne finit pas par un point de contrôle : lignes retirées"
[ -z "$known_head" ] || [ $head_found = yes ] ||
    fault 0 "la tête connue n'est pas dans ce journal : coupé, ou d'une autre histoire"

echo "chaîne $chain : $events événements (dont $erased effacés à terme), $checkpoints points de contrôle"
echo "dernier numéro $sequence, signé jusqu'à $signed, tête $sequence:$link"
if [ $faults -ne 0 ]; then
    echo "ANOMALIES : $faults"
    exit 1
fi
echo "INTACT"

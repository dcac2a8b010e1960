#!/usr/bin/env bash
# A second kind of RDP target for tests: FreeRDP's shadow server over an X display of its own. Unlike
# xrdp 0.9 it speaks NLA and the graphics pipeline. Any user may run it, in the foreground; it prints
# "port N" when it answers on 127.0.0.1 and leaves nothing behind, even after kill -9.
#
#   scripts/shadow-target.sh FOLDER [SECURITY [PORT [OPTION…]]]   SECURITY: nla or tls; OPTION: of freerdp-shadow-cli3
#
# The account is desk1; its password is in FOLDER/password, the certificate in FOLDER/cert.pem (both made at the first
# start), what is written on screen in FOLDER/homes/desk1. Exit 77: this machine cannot run it.
set -euo pipefail

folder=${1:?shadow-target: FOLDER is missing} security=${2:-nla} port=${3:-0}
shift $(($# < 3 ? $# : 3))
for program in freerdp-shadow-cli3 winpr-hash3 Xvfb openbox xterm; do
    command -v "$program" >/dev/null || { printf 'shadow-target: %s is not installed\n' "$program" >&2; exit 77; }
done
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
# Every part dies with this script, whatever ends it.
part() { setpriv --pdeathsig KILL "$@" & }

mkdir -p "$folder/homes/desk1" "$folder/logs" "$folder/config/freerdp3/shadow" "$folder/config/freerdp/shadow"
if [ ! -f "$folder/key.pem" ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=poste-echographe" \
        -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null
    chmod 600 "$folder/key.pem"
fi
if [ ! -f "$folder/password" ]; then
    (umask 077 && printf 'Bx5!%s' "$(openssl rand -hex 8)" >"$folder/password")
fi
# Where the server looks for its certificate has moved between releases.
for place in freerdp freerdp3; do
    cp "$folder/cert.pem" "$folder/config/$place/shadow/shadow.crt"
    cp "$folder/key.pem" "$folder/config/$place/shadow/shadow.key"
done
(umask 077 && winpr-hash3 -u desk1 -p "$(cat "$folder/password")" -f sam >"$folder/sam" 2>/dev/null)
if [ "$port" = 0 ]; then
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
fi

export HOME=$folder/homes/desk1 XDG_CONFIG_HOME=$folder/config LC_ALL=C.UTF-8
rm -f "$folder/display"
part Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -noreset 3>"$folder/display" >"$folder/logs/xvfb.log" 2>&1
for _ in $(seq 200); do [ ! -s "$folder/display" ] || break; sleep 0.05; done
[ -s "$folder/display" ] || { cat "$folder/logs/xvfb.log" >&2; exit 1; }
DISPLAY=:$(cat "$folder/display")
export DISPLAY
# A French keyboard, like the people who come; the server keeps the layout of its display.
setxkbmap fr
cd "$HOME"
export PS1='poste$ ' HISTFILE=
cat >"$folder/terminal.sh" <<'TERMINAL'
#!/bin/sh
exec setpriv --pdeathsig KILL xterm -u8 -fa 'DejaVu Sans Mono' -fs 11 -bg '#f8f8f0' -fg black -geometry 90x28+40+40 \
    -T poste-echographe -e bash --norc --noprofile
TERMINAL
chmod 700 "$folder/terminal.sh"
# The terminal comes after the window manager, which may miss a window that appears while it starts.
part openbox --startup "$folder/terminal.sh" >"$folder/logs/openbox.log" 2>&1
options=("/port:$port" /bind-address:127.0.0.1 -sec-rdp)
case "$security" in
nla) options+=(/sec:nla "/sam-file:$folder/sam") ;;
tls) options+=(/sec:tls -auth) ;;
*) printf 'shadow-target: nla or tls?\n' >&2; exit 2 ;;
esac
part freerdp-shadow-cli3 "${options[@]}" "$@" >"$folder/logs/shadow.log" 2>&1
shadow=$!
for _ in $(seq 200); do
    kill -0 "$shadow" 2>/dev/null || { cat "$folder/logs/shadow.log" >&2; exit 1; }
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        printf 'port %s\n' "$port"
        wait -n || true
        exit 1
    fi
    sleep 0.05
done
printf 'shadow-target: it does not answer\n' >&2
exit 1

# Sourced by demo.sh and the benchmarks after stack.sh: the RDP world around Écluse, for scripts. A real
# xrdp desktop as target, a technician's screen with the stock xfreerdp3. Expects ECLUSE_ROOT.

here_rdp=$(dirname "${BASH_SOURCE[0]}")

# start_rdp_target [ACCOUNTS]: sets RDP_TARGET_PORT, RDP_TARGET_PASSWORD, RDP_TARGET_CERTIFICATE; the accounts are
# desk1, desk2… Fails where this machine cannot run xrdp; logs/rdp-target.log says why.
start_rdp_target() {
    start_daemon rdp-target "$BASH" "$here_rdp/xrdp-target.sh" "$ECLUSE_ROOT/rdp-target" "${1:-1}" "${RDP_TARGET_PORT:-0}"
    wait_until 60 rdp_target_decided || return 1
    RDP_TARGET_PORT=$(awk '/^port /{print $2; exit}' "$ECLUSE_ROOT/logs/rdp-target.out")
    [ -n "$RDP_TARGET_PORT" ] || return 1
    RDP_TARGET_PASSWORD=$(cat "$ECLUSE_ROOT/rdp-target/password")
    RDP_TARGET_CERTIFICATE=$ECLUSE_ROOT/rdp-target/cert.pem
}

rdp_target_decided() {
    grep -q '^port ' "$ECLUSE_ROOT/logs/rdp-target.out" || stack_gone "$(cat "$ECLUSE_ROOT/run/rdp-target.pid")"
}

# start_screen [LAYOUT]: a screen of 1280x800 with this keyboard; sets RDP_DISPLAY.
start_screen() {
    # start_daemon gives /dev/null as input and files as outputs: the display number is the output.
    start_daemon screen setpriv --pdeathsig KILL Xvfb -displayfd 1 -screen 0 1280x800x24 -nolisten tcp -noreset
    wait_until 20 test -s "$ECLUSE_ROOT/logs/screen.out" || return 1
    RDP_DISPLAY=:$(head -n 1 "$ECLUSE_ROOT/logs/screen.out")
    on_screen setxkbmap "${1:-fr}"
}

on_screen() { DISPLAY=$RDP_DISPLAY "$@"; }

# leaving_from ADDRESS PORT: what goes to the port RDP_WIRE_PORT of 127.0.0.1 goes on to PORT, from ADDRESS: no
# RDP client lets its user choose one.
leaving_from() {
    RDP_WIRE_PORT=$(free_port)
    start_daemon "wire-$RDP_WIRE_PORT" setpriv --pdeathsig KILL socat \
        "TCP-LISTEN:$RDP_WIRE_PORT,bind=127.0.0.1,fork,reuseaddr" "TCP:127.0.0.1:$2,bind=$1"
    wait_until 10 port_is_open "$RDP_WIRE_PORT"
}

# A look at the kernel's table: a connection would be one for whoever listens behind.
port_is_open() {
    awk -v port="$(printf ':%04X' "$1")" '$4 == "0A" && substr($2, 9) == port {found = 1} END {exit !found}' /proc/net/tcp
}

# start_rdp_client NAME WORDS…: the stock client on that screen, its lines in logs/rdp-NAME.log.
start_rdp_client() {
    local name=$1
    shift
    mkdir -p "$ECLUSE_ROOT/rdp-home"
    start_daemon "rdp-$name" env DISPLAY="$RDP_DISPLAY" HOME="$ECLUSE_ROOT/rdp-home" setpriv --pdeathsig KILL \
        xfreerdp3 "$@" /size:1280x800 /bpp:32 -decorations /kbd:layout:0x0000040C /log-level:WARN
}

rdp_client_gone() { stack_gone "$(cat "$ECLUSE_ROOT/run/rdp-client.pid")"; }

# screenshot FILE; colour_at X Y: "r,g,b" of one point of the screen.
screenshot() { on_screen import -silent -window root -depth 8 "$1"; }
# still_screenshot FILE: the same, once nothing is drawn any more.
still_screenshot() {
    screenshot "$1"
    wait_until 20 screen_is_still "$1"
}
screen_is_still() {
    mv "$1" "${1%.png}-before.png"
    sleep 0.5
    screenshot "$1"
    [ "$(likeness "${1%.png}-before.png" "$1")" = inf ]
}
colour_at() {
    on_screen import -silent -window root -depth 8 rgb:- |
        tail -c +$((($2 * 1280 + $1) * 3 + 1)) | head -c 3 | od -An -tu1 | awk '{print $1 "," $2 "," $3}'
}

# The terminal of the target's desktop is on the screen.
desktop_is_shown() { [ "$(colour_at 800 540)" = 248,248,240 ]; }

# Part of the desktop's terminal where neither the gateway's banner nor the mouse comes, as ffmpeg crops it.
terminal_part=256:200:44:62

# likeness ONE OTHER: peak signal-to-noise ratio of that part of two pictures, in whole dB; "inf" when they are equal.
likeness() {
    ffmpeg -v info -i "$1" -i "$2" -lavfi "[0]crop=$terminal_part[one];[1]crop=$terminal_part[other];[one][other]psnr" \
        -frames:v 1 -f null - 2>&1 |
        sed -nE 's/.*average:(inf|[0-9]+).*/\1/p' | tail -n 1
}

type_on_screen() { on_screen xdotool type --delay 25 "$1" && on_screen xdotool key Return; }

# Everything that was started here, the wires last.
stop_rdp_world() {
    local wire
    for wire in rdp-again rdp-client screen rdp-target; do stop_daemon "$wire"; done
    for wire in "$ECLUSE_ROOT"/run/wire-*.pid; do
        if [ -e "$wire" ]; then stop_daemon "$(basename "$wire" .pid)"; fi
    done
}

# Sourced by demo.sh and the benchmarks: starts and stops Écluse's daemons and a real target under
# one folder, unprivileged, on loopback. Expects ECLUSE_BIN (programs) and ECLUSE_ROOT (folder).

stack_pids=()

# wait_until SECONDS COMMAND…: waits for an event with a deadline.
wait_until() {
    local limit=$1 started=$SECONDS
    shift
    until "$@" >/dev/null 2>&1; do
        if [ $((SECONDS - started)) -ge "$limit" ]; then return 1; fi
        sleep 0.1
    done
}

# start_daemon NAME COMMAND…: in the background, its lines in logs/NAME.log, its pid in run/NAME.pid.
start_daemon() {
    local name=$1
    shift
    mkdir -p "$ECLUSE_ROOT/logs" "$ECLUSE_ROOT/run"
    "$@" >"$ECLUSE_ROOT/logs/$name.out" 2>"$ECLUSE_ROOT/logs/$name.log" </dev/null &
    echo $! >"$ECLUSE_ROOT/run/$name.pid"
    stack_pids+=($!)
}

stop_daemon() {
    local pid
    pid=$(cat "$ECLUSE_ROOT/run/$1.pid" 2>/dev/null) || return 0
    rm -f "$ECLUSE_ROOT/run/$1.pid"
    kill "$pid" 2>/dev/null || return 0
    wait_until 10 stack_gone "$pid" || kill -9 "$pid" 2>/dev/null || true
}

stack_gone() { ! kill -0 "$1" 2>/dev/null || [ "$(ps -o stat= -p "$1" 2>/dev/null | cut -c1)" = Z ]; }

# The three daemons, in the order of trust: recorder, then the one that decides, then the door.
start_stack() {
    # A socket left by an earlier life looks ready and answers nobody.
    rm -f "$ECLUSE_ROOT"/run/*.sock
    start_daemon recorder "$ECLUSE_BIN/ecluse-recorder" --root "$ECLUSE_ROOT"
    wait_until 10 test -S "$ECLUSE_ROOT/run/recorder.sock" || return 1
    # A wrapper only where a test moves the clock from outside.
    # shellcheck disable=SC2086
    start_daemon policyd ${ECLUSE_POLICYD_WRAPPER:-} "$ECLUSE_BIN/ecluse-policyd" --root "$ECLUSE_ROOT"
    # At its very first start it makes keys, which takes seconds, after its sockets are there.
    wait_until 60 grep -q ': ready$' "$ECLUSE_ROOT/logs/policyd.log" || return 1
    start_daemon listen "$ECLUSE_BIN/ecluse-listen" --root "$ECLUSE_ROOT" --door ssh \
        --address "${ECLUSE_ADDRESS:-127.0.0.1}" --port "${ECLUSE_PORT:-0}" \
        --worker "$ECLUSE_BIN/ecluse-ssh-worker"
    wait_until 10 grep -q '^port ' "$ECLUSE_ROOT/logs/listen.out" || return 1
    ECLUSE_PORT=$(awk '/^port /{print $2; exit}' "$ECLUSE_ROOT/logs/listen.out")
}

# The other door, when the three daemons run; sets ECLUSE_RDP_PORT.
start_rdp_door() {
    start_daemon listen-rdp "$ECLUSE_BIN/ecluse-listen" --root "$ECLUSE_ROOT" --door rdp \
        --address "${ECLUSE_ADDRESS:-127.0.0.1}" --port "${ECLUSE_RDP_PORT:-0}" \
        --worker "$ECLUSE_BIN/ecluse-rdp-worker"
    wait_until 10 grep -q '^port ' "$ECLUSE_ROOT/logs/listen-rdp.out" || return 1
    ECLUSE_RDP_PORT=$(awk '/^port /{print $2; exit}' "$ECLUSE_ROOT/logs/listen-rdp.out")
}

# start_web_door portal|console, when policyd runs; sets ECLUSE_PORTAL_PORT or ECLUSE_CONSOLE_PORT. ECLUSE_PAGES: the
# folder of built pages, with one folder a door.
start_web_door() {
    local door=$1 port=ECLUSE_${1^^}_PORT
    start_daemon "web-$door" "$ECLUSE_BIN/ecluse-web" --root "$ECLUSE_ROOT" --door "$door" \
        --address "${ECLUSE_ADDRESS:-127.0.0.1}" --port "${!port:-0}" ${ECLUSE_PAGES:+--pages "$ECLUSE_PAGES/$door"}
    wait_until 60 grep -q '^port ' "$ECLUSE_ROOT/logs/web-$door.out" || return 1
    printf -v "$port" %s "$(awk '/^port /{print $2; exit}' "$ECLUSE_ROOT/logs/web-$door.out")"
}

start_web_doors() { start_web_door portal && start_web_door console; }

stop_stack() {
    stop_daemon web-portal
    stop_daemon web-console
    stop_daemon listen-rdp
    stop_daemon listen
    stop_daemon policyd
    stop_daemon recorder
    stop_daemon target
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# A real OpenSSH server that plays the hospital's machine; keys only, the calling user's account.
# Sets TARGET_PORT and TARGET_HOST_KEY; accepts the keys of target/authorized_keys.
start_target() {
    local folder=$ECLUSE_ROOT/target
    mkdir -p "$folder/home"
    chmod 700 "$folder"
    [ -f "$folder/host_key" ] || ssh-keygen -q -t ed25519 -N '' -C target -f "$folder/host_key"
    touch "$folder/authorized_keys"
    chmod 600 "$folder/authorized_keys"
    TARGET_PORT=${TARGET_PORT:-$(free_port)}
    TARGET_HOST_KEY=$(cut -d' ' -f1,2 "$folder/host_key.pub")
    cat >"$folder/sshd_config" <<CONFIG
Port $TARGET_PORT
ListenAddress 127.0.0.1
HostKey $folder/host_key
AuthorizedKeysFile $folder/authorized_keys
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 4000
MaxSessions 4000
UseDNS no
LogLevel ERROR
PrintMotd no
PrintLastLog no
SetEnv HOME=$folder/home
Subsystem sftp internal-sftp
CONFIG
    # OpenSSH insists on its own folder when it starts as root.
    if [ "$(id -u)" = 0 ]; then mkdir -p /run/sshd; fi
    start_daemon target "$(command -v sshd || echo /usr/sbin/sshd)" -D -e -f "$folder/sshd_config"
    wait_until 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$TARGET_PORT"
}

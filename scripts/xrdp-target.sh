#!/usr/bin/env bash
# A real xrdp desktop for tests and demonstrations: runs in the foreground, prints "port N" when it
# answers on 127.0.0.1, and takes everything with it when it ends, even by kill -9.
#
#   scripts/xrdp-target.sh FOLDER [USERS [PORT [RESIZES]]]    USERS: how many accounts (1); RESIZES: true when
#                                                             desktops of 0.9 shall follow the client's window
#
# It needs root, and changes nothing on the machine: xrdp, its session manager and the desktops live in
# a mount and a process namespace of their own, where /etc/xrdp, /etc/passwd, /etc/shadow and the PAM file
# are private. The accounts desk1, desk2… exist only there. Their password is in FOLDER/password, the
# certificate in FOLDER/cert.pem (made at the first start, kept at the next), what they wrote on
# screen in FOLDER/homes, the servers' logs in FOLDER/logs. Exit 77: this machine cannot run it; why is on standard error.
set -euo pipefail

if [ "${1:-}" != --inside ]; then
    folder=${1:?xrdp-target: FOLDER is missing} users=${2:-1} port=${3:-0} resizes=${4:-false}
    cannot() { printf 'xrdp-target: %s\n' "$*" >&2; exit 77; }
    [ "$(id -u)" = 0 ] || cannot "root is needed: xrdp logs people in"
    for program in xrdp xrdp-sesman openbox xterm; do
        command -v "$program" >/dev/null || cannot "$program is not installed"
    done
    [ -e /usr/lib/xorg/modules/drivers/xrdpdev_drv.so ] || cannot "xorgxrdp is not installed"
    unshare --mount --pid --fork true 2>/dev/null || cannot "namespaces are not allowed here"
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    # Where xrdp keeps its sockets; hidden by a private one below.
    mkdir -p /run/xrdp /tmp/.X11-unix
    chmod 1777 /tmp/.X11-unix
    # unshare itself does not listen to TERM; its death is what ends all inside.
    setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child=KILL \
        "$BASH" "$0" --inside "$folder" "$users" "$port" "$resizes" &
    inside=$!
    trap 'kill -KILL "$inside" 2>/dev/null || true' EXIT
    trap 'exit 143' TERM INT HUP
    wait "$inside"
    exit
fi

folder=$2 users=$3 port=$4 resizes=$5
umask 022

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
[ "$port" != 0 ] || port=$(free_port)
sesman_port=$(free_port)
# X displays are machine-wide: a range of our own, and sesman skips what is taken.
display_offset=$((1000 + RANDOM % 20000))

rm -rf "${folder:?}/etc" "${folder:?}/logs"
mkdir -p "$folder/etc" "$folder/homes" "$folder/logs"
chmod 755 "$folder/etc" "$folder/homes"
cp -r /etc/xrdp "$folder/etc/xrdp"
rm -f "$folder/etc/xrdp/cert.pem" "$folder/etc/xrdp/key.pem"
if [ ! -f "$folder/key.pem" ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=poste-irm" \
        -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null
    chmod 600 "$folder/key.pem"
fi
if [ ! -f "$folder/password" ]; then
    (umask 077 && printf 'Bx5!%s' "$(openssl rand -hex 8)" >"$folder/password")
fi
[ -s "$folder/etc/xrdp/rsakeys.ini" ] || xrdp-keygen xrdp "$folder/etc/xrdp/rsakeys.ini" >/dev/null

# Debian 12 has xrdp 0.9: its session manager listens on TCP (a socket in 0.10), and it uses dynamic
# channels for resizing alone, which measurements do without; 0.10 needs them for graphics as well.
listen="ListenAddress=127.0.0.1
ListenPort=$sesman_port" dynamic_channels=$resizes
if xrdp --version 2>/dev/null | grep -qE '^xrdp (0\.[1-9][0-9]|[1-9])'; then
    listen="ListenPort=sesman.socket" dynamic_channels=true
fi

cat >"$folder/etc/xrdp/xrdp.ini" <<CONFIG
[Globals]
ini_version=1
fork=true
port=tcp://127.0.0.1:$port
tcp_nodelay=true
tcp_keepalive=true
security_layer=tls
crypt_level=high
certificate=$folder/cert.pem
key_file=$folder/key.pem
ssl_protocols=TLSv1.2, TLSv1.3
autorun=Xorg
allow_channels=true
allow_multimon=false
bitmap_cache=true
bitmap_compression=true
bulk_compression=true
max_bpp=32
new_cursors=true
use_fastpath=both
ls_width=350
ls_height=430
[Logging]
LogFile=$folder/logs/xrdp.log
LogLevel=INFO
EnableSyslog=false
[Channels]
rdpdr=true
rdpsnd=true
drdynvc=$dynamic_channels
cliprdr=true
[Xorg]
name=Xorg
lib=libxup.so
username=ask
password=ask
ip=127.0.0.1
port=-1
code=20
CONFIG
cat >"$folder/etc/xrdp/sesman.ini" <<CONFIG
[Globals]
$listen
EnableUserWindowManager=false
UserWindowManager=startwm.sh
DefaultWindowManager=startwm.sh
ReconnectScript=reconnectwm.sh
[Security]
AllowRootLogin=false
MaxLoginRetry=4
AlwaysGroupCheck=false
[Sessions]
X11DisplayOffset=$display_offset
MaxDisplayNumber=$((display_offset + 1000))
MaxSessions=100
KillDisconnected=false
DisconnectedTimeLimit=0
IdleTimeLimit=0
Policy=Default
[Logging]
LogFile=$folder/logs/sesman.log
LogLevel=INFO
EnableSyslog=false
[Xorg]
param=/usr/lib/xorg/Xorg
param=-config
param=xrdp/xorg.conf
param=-noreset
param=-nolisten
param=tcp
param=-logfile
param=/dev/null
[Chansrv]
FuseMountName=thinclient_drives
FileUmask=077
[ChansrvLogging]
LogLevel=WARNING
EnableSyslog=false
CONFIG
# A window that takes keys, on a picture that is never empty.
cat >"$folder/etc/xrdp/startwm.sh" <<'DESKTOP'
#!/bin/sh
export LANG=C.UTF-8 PS1='poste$ ' HISTFILE=
cd
# Not before the window manager, which may miss a window that appears while it starts.
exec openbox --startup /etc/xrdp/terminal.sh
DESKTOP
cat >"$folder/etc/xrdp/terminal.sh" <<'TERMINAL'
#!/bin/sh
# Always there: whoever types exit gets a new one.
while :; do
    xterm -u8 -fa 'DejaVu Sans Mono' -fs 11 -bg '#f8f8f0' -fg black -geometry 90x28+40+40 -T poste-irm \
        -e bash --norc --noprofile || echo "xterm: exit $?" >&2
    sleep 0.2
done
TERMINAL
printf '#!/bin/sh\n' >"$folder/etc/xrdp/reconnectwm.sh"
chmod 755 "$folder/etc/xrdp/startwm.sh" "$folder/etc/xrdp/terminal.sh" "$folder/etc/xrdp/reconnectwm.sh"

cp /etc/passwd "$folder/etc/passwd"
cp /etc/group "$folder/etc/group"
hash=$(openssl passwd -6 -stdin <"$folder/password")
(umask 077 && cp /etc/shadow "$folder/etc/shadow")
for number in $(seq "$users"); do
    uid=$((61000 + number))
    printf 'desk%s:x:%s:61000::%s:/bin/bash\n' "$number" "$uid" "/run/xrdp/homes/desk$number" >>"$folder/etc/passwd"
    printf 'desk%s:%s:20000:0:99999:7:::\n' "$number" "$hash" >>"$folder/etc/shadow"
    mkdir -p "$folder/homes/desk$number"
    chown "$uid:61000" "$folder/homes/desk$number"
done
printf 'desk:x:61000:\n' >>"$folder/etc/group"
cat >"$folder/etc/pam" <<'PAM'
auth     required pam_unix.so
account  required pam_unix.so
session  required pam_permit.so
password required pam_deny.so
PAM

mount --make-rprivate / 2>/dev/null || true
for name in xrdp passwd group shadow; do mount --bind "$folder/etc/$name" "/etc/$name"; done
mount --bind "$folder/etc/pam" /etc/pam.d/xrdp-sesman
mount -t tmpfs -o mode=0755 tmpfs /run/xrdp
mkdir -p /run/xrdp/homes /run/xrdp/sockdir
# 0.9 makes its socket folder world-writable itself; being early does no harm.
chmod 3777 /run/xrdp/sockdir
mount --bind "$folder/homes" /run/xrdp/homes

# Nothing of the caller's environment belongs into a desktop.
clean=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8)
"${clean[@]}" xrdp-sesman --nodaemon >"$folder/logs/sesman.out" 2>&1 &
sesman=$!
"${clean[@]}" xrdp --nodaemon >"$folder/logs/xrdp.out" 2>&1 &
xrdp=$!
for _ in $(seq 200); do
    kill -0 "$sesman" 2>/dev/null && kill -0 "$xrdp" 2>/dev/null || { cat "$folder"/logs/*.out >&2; exit 1; }
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        printf 'port %s\n' "$port"
        # Whichever ends first ends the target.
        wait -n || true
        exit 1
    fi
    sleep 0.05
done
printf 'xrdp-target: xrdp does not answer\n' >&2
exit 1

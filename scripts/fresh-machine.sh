#!/usr/bin/env bash
# Runs ./test.sh on a machine where nothing is installed: a minimal Debian made for the occasion, from
# the mirror this machine uses. Needs root and debootstrap.
#
#   scripts/fresh-machine.sh SUITE [COMMAND...]      SUITE: bookworm or trixie; COMMAND: ./test.sh
#
# The pristine trees stay in $ECLUSE_FRESH (default /var/tmp/ecluse-fresh), so that the next run starts
# from one in a moment; what a run changes is thrown away.
set -euo pipefail

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
case "${1:-}" in bookworm | trixie) suite=$1 ;; *) usage ;; esac
shift
command=("$@")
if ((${#command[@]} == 0)); then command=(./test.sh); fi
if ((EUID != 0)); then printf 'fresh-machine: root is needed for a new root directory\n' >&2; exit 1; fi
if ! command -v debootstrap >/dev/null; then
  printf 'fresh-machine: debootstrap is missing (apt-get install debootstrap)\n' >&2
  exit 1
fi

source_tree=$(cd "$(dirname "$0")/.." && pwd)
place=${ECLUSE_FRESH:-/var/tmp/ecluse-fresh}
mkdir -p "$place"
pristine=$place/$suite

own_codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
own_mirror() {
  apt-get indextargets --format '$(RELEASE)|$(ORIGIN)|$(REPO_URI)' 'Created-By: Packages' 'Component: main' |
    sed -nE "s/^$own_codename\\|(Debian)?\\|(.*)\$/\\2/p" | head -n 1
}
# apt answers only from lists it has fetched.
mirror=$(own_mirror)
if [[ -z $mirror ]]; then
  apt-get -q update
  mirror=$(own_mirror)
fi
if [[ -z $mirror ]]; then
  printf 'fresh-machine: this machine names no Debian mirror for "%s main"\n' "$own_codename" >&2
  exit 1
fi

if [[ ! -e $pristine.done ]]; then
  rm -rf "$pristine"
  printf 'fresh-machine: a minimal %s from %s\n' "$suite" "$mirror"
  debootstrap --variant=minbase "$suite" "$pristine" "$mirror" >"$pristine.log" 2>&1 || {
    tail -n 20 "$pristine.log" >&2
    exit 1
  }
  touch "$pristine.done"
fi

run=$(mktemp -d "$place/run-$suite-XXXXXX")
trap 'rm -rf --one-file-system "$run"' EXIT
mkdir "$run/upper" "$run/work" "$run/root"

# Mounts and processes live in namespaces of their own and end with this script.
export run pristine source_tree
unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
  mount --make-rprivate /
  mount -t overlay overlay -o "lowerdir=$pristine,upperdir=$run/upper,workdir=$run/work" "$run/root"
  root=$run/root
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
    IFS=: read -r name major minor <<<"$node"
    mknod -m 0666 "$root/dev/$name" c "$major" "$minor"
  done
  rm -f "$root/etc/resolv.conf"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
  cp -L /etc/hosts "$root/etc/hosts" 2>/dev/null || true
  # How this machine reaches its mirror (a proxy, for instance).
  apt-config dump | grep -E "^Acquire::(http|https)::[Pp]roxy " >"$root/etc/apt/apt.conf.d/90ecluse-fresh" || true
  # And its npm registry, where that takes an authority of its own.
  if [[ -r ${NODE_EXTRA_CA_CERTS:-} ]]; then cp -L "$NODE_EXTRA_CA_CERTS" "$root/root/npm-authorities.pem"; fi
  mkdir -p "$root/root/ecluse"
  tar -C "$source_tree" --exclude-vcs --exclude=./build --exclude=./out --exclude=./demo-root --exclude=node_modules -cf - . |
    tar -C "$root/root/ecluse" --no-same-owner -xf -
  exec chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root TERM=dumb LC_ALL=C.UTF-8 ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=/root/npm-authorities.pem} sh -c "cd /root/ecluse && exec \"\$@\"" sh "$@"
' bash "${command[@]}"

#!/usr/bin/env bash
# Installs what Écluse needs to be built and tested, on Debian 12 or 13. Only what is missing; nothing
# at all when nothing is. Run as root, or by somebody who may use sudo.
#
#   scripts/install-dependencies.sh            everything
#   scripts/install-dependencies.sh --build    to build only
#   scripts/install-dependencies.sh --test     to test and demonstrate only
set -euo pipefail

build_packages=(
  build-essential cmake ninja-build pkg-config ccache
  libssl-dev libsqlite3-dev libssh-dev libsodium-dev libseccomp-dev libfmt-dev
  libtomlplusplus-dev libzxcvbn-dev libqrencode-dev
  libpango1.0-dev libcairo2-dev libfontconfig-dev libqpdf-dev liblcms2-dev fonts-dejavu-core libfreetype-dev
  libx264-dev libtsm-dev
  nodejs npm
)
# Debian 12 takes these from its backports: its own Boost is 1.74, its own Catch2 is 2, its own FreeRDP is 2.
backport_packages=(libboost1.83-dev libboost-json1.83-dev catch2 freerdp3-dev)
# Clients and targets of the tests. Debian 13 has newer ones in its backports; its own will do for tests.
backport_test_packages=(freerdp3-x11 freerdp3-shadow-x11 freerdp3-proxy winpr3-utils)
test_packages=(
  openssh-server openssh-client putty-tools rsync poppler-utils qpdf oathtool sqlite3 expect
  libfaketime socat python3 tmux openssl procps curl
  xrdp xorgxrdp xvfb xauth x11-utils x11-xkb-utils xdotool xterm openbox imagemagick ffmpeg xclip
  # Drives and copied files, on either side; sound on the technician's.
  fuse3 pulseaudio
  # systemd-analyze judges the units; a container boots them.
  systemd systemd-container
  # The pages' tests, and what their terminals run.
  chromium vim-tiny less
)

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0"; }
say() { printf 'dependencies: %s\n' "$*"; }

wanted=()
backports=()
case "${1:-all}" in
  all) wanted=("${build_packages[@]}" "${test_packages[@]}"); backports=("${backport_packages[@]}" "${backport_test_packages[@]}") ;;
  --build) wanted=("${build_packages[@]}"); backports=("${backport_packages[@]}") ;;
  --test) wanted=("${test_packages[@]}"); backports=("${backport_test_packages[@]}") ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

# shellcheck disable=SC1091
codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
case "$codename" in
  bookworm | trixie) ;;
  *) say "this is neither Debian 12 nor Debian 13 (\"$codename\"): install the packages by hand:" >&2
     printf '  %s\n' "${wanted[@]}" "${backports[@]}" >&2
     exit 1 ;;
esac

# Empty when it is not there.
installed_version() {
  { dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null || true; } |
    sed -n 's/^installed //p'
}

missing_of() {
  local package version
  for package in "$@"; do
    version=$(installed_version "$package")
    # A newer Node brings its own npm, and no package of that name.
    if [[ $package == npm && -z $version ]] && command -v npm >/dev/null; then
      continue
    elif [[ -z $version ]]; then
      printf '%s\n' "$package"
    elif [[ $package == catch2 ]] && dpkg --compare-versions "$version" lt 3; then
      printf '%s\n' "$package"
    fi
  done
}

# In two steps: a failure inside would not stop mapfile.
missing_text=$(missing_of "${wanted[@]}")
backports_text=$(missing_of "${backports[@]}")
mapfile -t missing < <(printf '%s' "$missing_text")
mapfile -t missing_backports < <(printf '%s' "$backports_text")
if ((${#missing[@]} + ${#missing_backports[@]} == 0)); then
  say "all present"
  exit 0
fi

if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    say "not root, and no sudo here; as root, run: $0 $*" >&2
    exit 1
  fi
  exec sudo -- "$0" "$@"
fi

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# A mirror that fails once often answers the second time.
apt_get() {
  local options=(-y -q -o Dpkg::Use-Pty=0)
  apt-get "${options[@]}" "$@" && return 0
  say "apt-get $1 failed; once more"
  sleep 3
  apt-get "${options[@]}" "$@"
}

# One line per source of packages which apt uses now: suite, origin, then the file that names it. apt
# answers only from lists it has fetched.
sources_in_use() {
  apt-get indextargets --format '$(RELEASE)|$(ORIGIN)|$(SOURCESENTRY)' \
    'Created-By: Packages' 'Component: main' | sort -u
}

# The backports suite lives on the same mirror, under the same key, with the same options as the
# suite this machine already uses: so the entry is the machine's own, with another suite in it.
add_backports() {
  local suite="$codename-backports" entry file target
  if ! sources_in_use | grep -q "^$codename|"; then apt_get update; fi
  if sources_in_use | grep -q "^$suite|"; then return 0; fi
  entry=$(sources_in_use | sed -nE "s/^$codename\\|(Debian)?\\|(.*):[0-9]+\$/\\2/p" | head -n 1)
  file=$entry
  if [[ -z $file || ! -r $file ]]; then
    say "no source of \"$codename main\" found to derive $suite from" >&2
    return 1
  fi
  if [[ $file == *.sources ]]; then
    target=/etc/apt/sources.list.d/ecluse-backports.sources
    # Paragraph by paragraph; keys may be in any case, and a key block may follow Signed-By.
    awk -v suite="$codename" -v backports="$suite" '
      function flush() { if (found && !written) { printf "%s", paragraph; written = 1 } paragraph = ""; found = 0 }
      /^[ \t]*$/ { flush(); next }
      tolower($1) == "suites:" {
        for (i = 2; i <= NF; i++) if ($i == suite) found = 1
        $0 = "Suites: " backports
      }
      tolower($1) == "types:" { $0 = "Types: deb" }
      { paragraph = paragraph $0 "\n" }
      END { flush() }' "$file" >"$target.new"
  else
    target=/etc/apt/sources.list.d/ecluse-backports.list
    # deb [options, perhaps with spaces] address suite components
    awk -v suite="$codename" -v backports="$suite" '
      $1 == "deb" && !written {
        line = $0; options = ""
        sub(/^[ \t]*deb[ \t]+/, "", line)
        if (line ~ /^\[/) { options = substr(line, 1, index(line, "]")) " "; line = substr(line, index(line, "]") + 1); sub(/^[ \t]+/, "", line) }
        split(line, field, /[ \t]+/)
        if (field[2] == suite) { print "deb " options field[1] " " backports " main"; written = 1 }
      }' "$file" >"$target.new"
  fi
  if [[ ! -s $target.new ]]; then
    rm -f "$target.new"
    say "$file names no \"$codename\" that could be read" >&2
    return 1
  fi
  chmod 0644 "$target.new"
  mv "$target.new" "$target"
  say "added $suite ($target), from $file"
}

# Servers that the tests start themselves must not start as services of this machine.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 0755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
ssh_is_new=no xrdp_is_new=no
[[ -n $(installed_version openssh-server) ]] || ssh_is_new=yes
[[ -n $(installed_version xrdp) ]] || xrdp_is_new=yes

if [[ $codename == bookworm ]] && ((${#missing_backports[@]} > 0)); then add_backports; fi
say "installing ${missing[*]} ${missing_backports[*]}"
apt_get update
if ((${#missing[@]} > 0)); then
  apt_get install --no-install-recommends "${missing[@]}"
fi
if ((${#missing_backports[@]} > 0)); then
  if [[ $codename == bookworm ]]; then
    apt_get install --no-install-recommends -t "$codename-backports" "${missing_backports[@]}"
  else
    apt_get install --no-install-recommends "${missing_backports[@]}"
  fi
fi
# Nor at the next start of the machine: nobody asked for a login server here.
if [[ $ssh_is_new == yes && -n $(installed_version openssh-server) ]] && command -v systemctl >/dev/null; then
  systemctl disable ssh.service ssh.socket >/dev/null 2>&1 || true
fi
if [[ $xrdp_is_new == yes && -n $(installed_version xrdp) ]] && command -v systemctl >/dev/null; then
  systemctl disable xrdp.service xrdp-sesman.service >/dev/null 2>&1 || true
fi
say "done"

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What we take from Debian: build tools (installed), and the QEMU source and
# firmware (downloaded to the cache by an apt configuration of our own, which
# leaves the system's alone).

MESON_MINIMUM=1.5
BUILD_PACKAGES=(
    build-essential pkg-config ninja-build ccache flex bison patch
    python3 python3-venv dpkg-dev xz-utils
    libglib2.0-dev libjson-glib-dev libfdt-dev libslirp-dev
)

# debian_suite: the name of the Debian this is; nothing on any other system.
debian_suite() {
    local ID='' VERSION_ID=''
    # shellcheck disable=SC1091
    [ ! -r /etc/os-release ] || . /etc/os-release
    case $ID$VERSION_ID in
    debian12) echo bookworm ;;
    debian13) echo trixie ;;
    esac
}

installed() {
    dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q 'ok installed'
}

# version_at_least HAVE WANTED
version_at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

meson_is_new_enough() {
    command -v meson >/dev/null && version_at_least "$(meson --version)" $MESON_MINIMUM
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
        apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
        install --no-install-recommends "$@"
}

# A third-party list that cannot be read need not stop us; the install will tell.
apt_update_and_install() {
    retry as_root apt-get -q -o DPkg::Lock::Timeout=300 update || true
    retry apt_install "$@"
}

# ensure_packages NAME[/SUITE]...: install what is missing; with SUITE, a package
# that only that Debian has. Does nothing, and needs neither root nor a network, if
# nothing is missing.
ensure_packages() {
    local missing=() foreign=() p
    command -v dpkg-query >/dev/null ||
        die "this is not a Debian system: set-up needs Debian 12 or 13"
    for p in "$@"; do
        if installed "${p%/*}"; then
            continue
        elif [ "$p" = "${p%/*}" ] || [ "${p#*/}" = "$(debian_suite)" ]; then
            missing+=("${p%/*}")
        else
            foreign+=("$p")
        fi
    done
    [ $((${#missing[@]} + ${#foreign[@]})) -gt 0 ] || return 0
    [ -n "$(debian_suite)" ] ||
        die "packages are missing and this is not Debian 12 or 13; install by hand: ${missing[*]} ${foreign[*]%/*}"
    have_root || die "installing packages needs root: run as root or with sudo, or have this done first: apt-get install ${missing[*]} ${foreign[*]%/*}"
    [ ${#missing[@]} -eq 0 ] ||
        step "Installing ${#missing[@]} Debian packages (${missing[*]})" \
            "Check the network and /etc/apt, then run again." \
            apt_update_and_install "${missing[@]}"
    for p in "${foreign[@]}"; do
        install_from "${p#*/}" "${p%/*}"
    done
}

# install_from SUITE NAME: one package of another Debian, which the machine's own
# lists do not name.
install_from() {
    ensure_private_lists
    step "Downloading $2 from $1" "$NETWORK_ADVICE" download_debs "$CACHE/debs" "$2/$1"
    step "Installing $2" "Install $2 by hand, then run again." \
        apt_update_and_install "$(newest "$CACHE/debs/$2"_*.deb)"
}

ensure_meson() {
    meson_is_new_enough && return 0
    have_root || die "installing meson >= $MESON_MINIMUM needs root: run as root or with sudo"
    if [ "$(debian_suite)" = bookworm ]; then
        install_from bookworm-backports meson
    else
        ensure_packages meson
    fi
    hash -r
    meson_is_new_enough ||
        die "meson $(meson --version 2>/dev/null) is first in PATH; at least $MESON_MINIMUM is needed"
}

ensure_build_tools() {
    ensure_packages "${BUILD_PACKAGES[@]}"
    ensure_meson
}

newest() {
    printf '%s\n' "$@" | sort -V | tail -n 1
}

NETWORK_ADVICE="Check that the Debian mirror named in /etc/apt can be reached, then run again."

# debian_mirror: "URI KEYRING" of the machine's own Debian archive.
debian_mirror() {
    cat /dev/null /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '
        function stanza() {
            if (uri ~ /\/debian\/?$/ && suites ~ /bookworm|trixie|stable/) {
                print uri, key
                found = 1
                exit
            }
            uri = suites = key = ""
        }
        /^$/ || /^Types:/ { stanza() }
        /^URIs:/ { uri = $2 }
        /^Suites:/ { suites = $0 }
        /^Signed-By: *\// { key = $2 }
        END { if (!found) stanza() }' | grep . && return
    cat /dev/null /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | awk '
        $1 == "deb" {
            key = ""
            if (match($0, /signed-by=[^] ,]+/)) key = substr($0, RSTART + 10, RLENGTH - 10)
            sub(/\[[^]]*\]/, "")
            if ($2 ~ /\/debian\/?$/) { print $2, key; exit }
        }'
}

private_apt() { # TOOL ARGUMENT...
    local tool=$1 apt=$CACHE/apt
    shift
    LC_ALL=C "$tool" -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/sources" \
        -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" \
        -o APT::Sandbox::User=root -o Acquire::Retries=3 -o Acquire::Languages=none "$@"
}

private_lists() {
    local apt=$CACHE/apt mirror key
    read -r mirror key < <(debian_mirror)
    [ -n "$mirror" ] || {
        echo "no Debian mirror in /etc/apt"
        return 1
    }
    mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial"
    {
        echo "Types: deb deb-src"
        echo "URIs: $mirror"
        echo "Suites: trixie $([ "$(debian_suite)" = bookworm ] && echo bookworm-backports || echo bookworm)"
        echo "Components: main"
        [ -z "$key" ] || echo "Signed-By: $key"
    } >"$apt/sources/stagewalk.sources"
    retry private_apt apt-get -o APT::Update::Error-Mode=any update
}

# Once a run: lists that are an hour old can name files that are gone.
ensure_private_lists() {
    [ -z "${private_lists_read-}" ] || return 0
    step "Reading Debian's package lists" "$NETWORK_ADVICE" private_lists
    private_lists_read=1
}

# download_debs DIR PACKAGE/SUITE...: all of them, or nothing new in DIR.
download_debs() {
    local dir=$1 new
    shift
    mkdir -p "$dir"
    new=$(mktemp -d "$dir/.new.XXXXXX")
    (cd "$new" && retry private_apt apt-get download "$@") || {
        rm -rf "$new"
        return 1
    }
    mv -f "$new"/*.deb "$dir"
    rmdir "$new"
}

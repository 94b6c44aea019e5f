# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# From nothing to build/bin/qemu-system-*: source, graft, configure, compile,
# firmware.  The baseline flavour ends in build/baseline/bin.

: "${BUILD:?}" "${CACHE:?}" "${TOP:?}" "${JOBS:?}"

QEMU_SERIES=10.0
QEMU_TARGETS=(aarch64 x86_64)
FIRMWARE_PACKAGES=(seabios qemu-system-data ipxe-qemu qemu-efi-aarch64 ovmf)
# shellcheck disable=SC2054
CONFIGURE_OPTIONS=(
    --python=/usr/bin/python3 "--cc=ccache gcc"
    --target-list=aarch64-softmmu,x86_64-softmmu
    --without-default-features --without-default-devices
    --with-devices-aarch64=stagewalk --with-devices-x86_64=stagewalk
    --enable-tcg --enable-fdt=system --enable-slirp
    --enable-trace-backends=log --disable-debug-info
    --disable-docs --disable-download --disable-install-blobs
)
BUILD_ADVICE="If you changed the source, mend the errors; otherwise './stagewalk clean' and run again."

# Objects are shared between checkouts: paths below this one are made relative,
# and the directory is left out of the hash.
export CCACHE_DIR=$CACHE/ccache CCACHE_BASEDIR=$TOP CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=3G

# check_qemu_src: say what is wrong with the user's QEMU_SRC before anything is done.
check_qemu_src() {
    [ -n "${QEMU_SRC-}" ] || return 0
    local version
    [ -d "$QEMU_SRC" ] || die "QEMU_SRC=$QEMU_SRC: no such directory"
    if [ ! -f "$QEMU_SRC/VERSION" ] || [ ! -f "$QEMU_SRC/hw/meson.build" ]; then
        die "QEMU_SRC=$QEMU_SRC: not a QEMU source tree (it has no VERSION or no hw/meson.build)"
    fi
    version=$(cat "$QEMU_SRC/VERSION")
    [ -d "$TOP/qemu/patches/${version%.*}" ] ||
        die "QEMU_SRC=$QEMU_SRC: this is QEMU $version; supported are: $(cd "$TOP/qemu/patches" && echo -- * | sed 's/^-- //')"
}

# complete_source DIR: the newest .dsc of the series in DIR with all its files.
complete_source() {
    local dsc file missing
    for dsc in $(printf '%s\n' "$1"/qemu_"$QEMU_SERIES".*.dsc | sort -rV); do
        [ -f "$dsc" ] || continue
        missing=
        while read -r file; do
            [ -f "$1/$file" ] || missing=$file
        done < <(awk '/^Files:/ { on = 1; next } /^[^ ]/ { on = 0 } on { print $3 }' "$dsc")
        [ -n "$missing" ] || {
            echo "$dsc"
            return 0
        }
    done
    return 1
}

# The index may name files that have left the pool, so every version is tried.
download_source() {
    local new version
    mkdir -p "$CACHE/dist"
    new=$(mktemp -d "$CACHE/dist/.new.XXXXXX")
    private_lists && for version in $(private_apt apt-cache showsrc qemu |
        awk '/^Version:/ { print $2 }' | grep -E "^1:${QEMU_SERIES//./\\.}\\." | sort -rVu); do
        if (cd "$new" && retry private_apt apt-get source --download-only "qemu=$version"); then
            mv -f "$new"/* "$CACHE/dist"
            break
        fi
    done
    rm -rf "$new"
    if ! complete_source "$CACHE/dist" && [ -n "${STAGEWALK_DISTFILES-}" ]; then
        complete_source "$STAGEWALK_DISTFILES" && cp "$STAGEWALK_DISTFILES"/qemu_* "$CACHE/dist"
    fi
    complete_source "$CACHE/dist"
}

unpack_source() { # DSC DIR
    rm -rf "$2.new"
    mkdir -p "$(dirname "$2")"
    dpkg-source --no-check --no-copy -x "$1" "$2.new"
    mv "$2.new" "$2"
}

# ensure_source: sets SOURCE to a QEMU tree that is not to be changed.
ensure_source() {
    local dsc
    if [ -n "${QEMU_SRC-}" ]; then
        SOURCE=$(cd "$QEMU_SRC" && pwd -P)
        return
    fi
    complete_source "$CACHE/dist" >/dev/null ||
        step "Downloading the source of QEMU $QEMU_SERIES" \
            "No copy in $CACHE/dist and no download. $NETWORK_ADVICE Or set QEMU_SRC to a tree of QEMU $QEMU_SERIES." \
            download_source
    dsc=$(complete_source "$CACHE/dist")
    SOURCE=$CACHE/src/$(basename "$dsc" .dsc)
    [ -d "$SOURCE" ] ||
        step "Unpacking $(basename "$dsc")" "Delete $CACHE/dist and run again." \
            unpack_source "$dsc" "$SOURCE"
    export GRAFT_HARDLINK=1
}

unpack_firmware() {
    local new p deb
    new=$(mktemp -d "$CACHE/.firmware.XXXXXX")
    for p in "${FIRMWARE_PACKAGES[@]}"; do
        deb=$(newest "$CACHE/debs/${p}"_*.deb)
        dpkg-deb -x "$deb" "$new/unpacked"
    done
    local from=$new/unpacked/usr/share to=$new/qemu name
    mkdir "$to"
    cp "$from"/seabios/*.bin "$from"/qemu/*.rom "$to"
    for name in kvmvapic linuxboot linuxboot_dma multiboot multiboot_dma pvh; do
        cp "$from/qemu/$name.bin" "$to"
    done
    # UEFI: for -bios as one file, for pflash as code and variables, by QEMU's names.
    cp "$from/qemu-efi-aarch64/QEMU_EFI.fd" "$to"
    cp --sparse=always "$from/AAVMF/AAVMF_CODE.no-secboot.fd" "$to/edk2-aarch64-code.fd"
    cp --sparse=always "$from/AAVMF/AAVMF_VARS.fd" "$to/edk2-arm-vars.fd"
    cp "$from/OVMF/OVMF_CODE_4M.fd" "$to/edk2-x86_64-code.fd"
    cp "$from/OVMF/OVMF_VARS_4M.fd" "$to/edk2-i386-vars.fd"
    chmod 755 "$to"
    mv -T "$to" "$CACHE/firmware"
    rm -rf "$new"
}

# ensure_firmware: build/share/qemu, where the binaries of build/bin look.
ensure_firmware() {
    local p missing=()
    [ ! -f "$BUILD/share/qemu/edk2-i386-vars.fd" ] || return 0
    if [ ! -d "$CACHE/firmware" ]; then
        for p in "${FIRMWARE_PACKAGES[@]}"; do
            compgen -G "$CACHE/debs/${p}_*.deb" >/dev/null || missing+=("$p/trixie")
        done
        if [ ${#missing[@]} -gt 0 ]; then
            ensure_private_lists
            step "Downloading firmware (${missing[*]%/*})" "$NETWORK_ADVICE" \
                download_debs "$CACHE/debs" "${missing[@]}"
        fi
        step "Unpacking firmware" "Delete $CACHE/debs and run again." unpack_firmware
    fi
    mkdir -p "$BUILD/share"
    rm -rf "$BUILD/share/qemu.new" "$BUILD/share/qemu"
    cp -a --sparse=always "$CACHE/firmware" "$BUILD/share/qemu.new"
    mv "$BUILD/share/qemu.new" "$BUILD/share/qemu"
}

configure_qemu() { # TREE OPTION...
    local build=$1/build
    shift
    rm -rf "$build"
    mkdir "$build"
    cd "$build" || return
    ../configure "$@"
    # Only a finished configuration is recognised by the next run.
    printf '%s\n' "$@" >.stagewalk-options
}

# flavour_dir FLAVOUR: where its bin/ and source tree are.
flavour_dir() {
    if [ "$1" = baseline ]; then
        echo "$BUILD/baseline"
    else
        echo "$BUILD"
    fi
}

# publish FROM TO: replace TO at once, so that a running QEMU keeps its old file.
publish() {
    mkdir -p "$(dirname "$2")"
    cmp -s "$1" "$2" && return
    cp "$1" "$2.new"
    mv -f "$2.new" "$2"
}

# build_qemu stagewalk|baseline [EXTRA_TARGET...]
build_qemu() {
    local flavour=$1 dir tree options extra=() target
    shift
    dir=$(flavour_dir "$flavour")
    tree=$dir/qemu
    ensure_build_tools
    ensure_source
    ensure_firmware
    [ "$flavour" = stagewalk ] || {
        mkdir -p "$dir/share"
        ln -sfn ../../share/qemu "$dir/share/qemu"
    }
    step "Grafting ($flavour)" \
        "The log says why; a QEMU_SRC must be an unchanged tree of QEMU $QEMU_SERIES." \
        "$TOP/qemu/graft" "$flavour" "$SOURCE" "$tree"

    # More options for QEMU's configure, such as --enable-asan or --enable-debug.
    read -ra extra <<<"${STAGEWALK_CONFIGURE-}"
    options=("${CONFIGURE_OPTIONS[@]}" "${extra[@]}")
    if [ ! -f "$tree/build/build.ninja" ] ||
        [ "$(cat "$tree/build/.stagewalk-options" 2>/dev/null)" != "$(printf '%s\n' "${options[@]}")" ]; then
        step "Configuring QEMU ($flavour)" "$BUILD_ADVICE" configure_qemu "$tree" "${options[@]}"
    fi
    run_ninja "Compiling QEMU ($flavour)" "$BUILD_ADVICE" \
        "$tree/build" "${QEMU_TARGETS[@]/#/qemu-system-}" "$@"
    for target in "${QEMU_TARGETS[@]}"; do
        publish "$tree/build/qemu-system-$target" "$dir/bin/qemu-system-$target"
    done
}

# build_qtests: our qtest programs and QEMU's VT-d one, to build/qtest.
build_qtests() {
    local program
    build_qemu stagewalk stagewalk-qtests
    rm -rf "$BUILD/qtest"
    mkdir -p "$BUILD/qtest"
    for program in "$BUILD/qemu/build/tests/qtest/intel-iommu-test" \
        "$BUILD"/qemu/build/tests/qtest/stagewalk/*-test; do
        [ ! -x "$program" ] || publish "$program" "$BUILD/qtest/$(basename "$program")"
    done
}

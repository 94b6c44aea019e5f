# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Our own meson build, without QEMU: engine, models, tools and unit tests.

: "${BUILD:?}" "${TOP:?}"

# build_native DIR OPTION...: configure once, then compile.
build_native() {
    local dir=$BUILD/$1
    shift
    ensure_build_tools
    if [ ! -f "$dir/build.ninja" ]; then
        rm -rf "$dir"
        step "Configuring $(basename "$dir")" "The log says why; './stagewalk clean' starts afresh." \
            meson setup "$dir" "$TOP" "$@"
    fi
    run_ninja "Compiling $(basename "$dir")" \
        "If you changed the source, mend the errors; otherwise './stagewalk clean' and run again." "$dir"
}

# For tools and benchmarks: build/release.
build_release() {
    build_native release --buildtype=release
}

# For unit tests: build/sanitize, under AddressSanitizer and UBSan.
build_sanitized() {
    build_native sanitize --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false
}

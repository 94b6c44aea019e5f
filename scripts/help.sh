# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the entry script says of itself, and of arguments it does not know: all before anything is
# installed or built.

: "${CACHE:?}"

usage() {
    cat <<END
usage: ./stagewalk COMMAND

  demo                  boot Linux behind both IOMMUs and show what they did
  test [TIER...]        run tests: $(tier_names)
       [--full]         everything, not only what fits a short run
  build                 QEMU with Stagewalk's IOMMUs, in build/bin
  build --baseline      QEMU with its own IOMMUs, in build/baseline/bin
  bench                 measure both side by side
  clean                 delete build/
  clean --cache         delete the downloads and the compiler cache too

./stagewalk COMMAND --help says more of each.

Missing Debian packages are installed (as root or with sudo), downloads and
compiled objects are kept in $CACHE.

environment:
  QEMU_SRC=DIR              use this tree of QEMU $QEMU_SERIES (it is copied, not changed)
  STAGEWALK_DISTFILES=DIR   source packages to use where the mirror has none
  STAGEWALK_CONFIGURE=OPTS  more options for QEMU's configure (--enable-asan ...)
  STAGEWALK_JOBS=N          compile N files at a time
END
}

usage_demo() {
    cat <<END
usage: ./stagewalk demo [--one-mode] [--mb N] [--qemu-dir DIR]

Builds what is missing, boots Debian's Linux behind an SMMUv3 and behind a VT-d
unit, lets it move data through NVMe, virtio and Ethernet, and shows what each
IOMMU counted and one page walk, step by step.

  --one-mode      leave out the comparison with Linux's other modes
  --mb N          megabytes moved through each disk: 16, 32, 64 (the default), 128
  --qemu-dir DIR  directory of qemu-system-* (default: build/bin)
END
}

usage_test() {
    cat <<END
usage: ./stagewalk test [--full] [TIER...]

Builds what each tier runs, runs it, and adds the results up. Without TIER all,
in this order: $(tier_names)

  --full   everything, not only what fits a short run: all kernels, page sizes
           and modes of the guest tier, longer random runs of the others

A tier's own script, tests/TIER/run, runs parts of it; its output is kept in
build/logs/test-TIER.log.
END
}

usage_build() {
    cat <<END
usage: ./stagewalk build [--baseline]

Builds qemu-system-aarch64 and qemu-system-x86_64 with Stagewalk's IOMMUs, to
build/bin. They run in place and find their firmware without -L.

  --baseline   QEMU with its own IOMMUs instead, to build/baseline/bin
END
}

usage_bench() {
    cat <<END
usage: ./stagewalk bench [--output DIR] [--only PART]...

Builds both flavours of QEMU and measures DMA and invalidations of either, side
by side, the engine alone, and iommu-sim. About 5 minutes when all is built; the
first QEMU of each flavour takes 10 more. docs/devel/benchmarks.rst says how to
read it.

  --output DIR   where results.json and plot.svg go (default: build/bench)
  --only PART    measure one part: engine, iommu-sim or qemu
END
}

usage_clean() {
    cat <<END
usage: ./stagewalk clean [--cache]

Deletes build/.

  --cache   also $CACHE: downloads, QEMU's source, compiled
            objects, guest kernels
END
}

# bad_usage [COMMAND] MESSAGE
bad_usage() {
    if [ $# -gt 1 ]; then
        die "$1: $2; see ./stagewalk $1 --help"
    fi
    die "$1; see ./stagewalk --help"
}

# asks_for_help ARGUMENT...
asks_for_help() {
    local argument
    for argument; do
        case $argument in
        -h | --help) return 0 ;;
        esac
    done
    return 1
}

# check_arguments COMMAND KNOWN... -- ARGUMENT...: KNOWN is --NAME, or --NAME=PATTERN of a value.
check_arguments() {
    local command=$1 known=() value each found
    shift
    while [ "$1" != -- ]; do
        known+=("$1")
        shift
    done
    shift
    while [ $# -gt 0 ]; do
        found=
        for each in "${known[@]}"; do
            if [ "$each" = "$1" ]; then
                found=1
            elif [[ $each == *=* ]] && [[ $1 == "${each%%=*}" || $1 == "${each%%=*}="* ]]; then
                found=1
                if [[ $1 == *=* ]]; then
                    value=${1#*=}
                else
                    value=${2-}
                    [ $# -eq 1 ] || shift
                fi
                [ -n "$value" ] || bad_usage "$command" "${each%%=*} needs a value"
                # shellcheck disable=SC2053
                [[ $value == @(${each#*=}) ]] ||
                    bad_usage "$command" "${each%%=*} $value: must be one of ${each#*=}"
            fi
        done
        [ -n "$found" ] || bad_usage "$command" "unknown argument '$1'"
        shift
    done
}

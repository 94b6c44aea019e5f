# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# "stagewalk test": the tiers in order, and their sum. docs/devel/testing.rst has
# what a tier's run script must keep to.

: "${BUILD:?}" "${CACHE:?}" "${TOP:?}"

ALL_TIERS=(unit oracle qtest differential guest fuzz)

# A tier exists in this checkout once its run script does.
have_tier() {
    [ -x "$TOP/tests/$1/run" ]
}

tier_names() {
    local t names=()
    for t in "${ALL_TIERS[@]}"; do
        ! have_tier "$t" || names+=("$t")
    done
    echo "${names[*]}"
}

# prepare_tier NAME: build what the tier runs, install what it names.
prepare_tier() {
    local packages=()
    if [ -f "$TOP/tests/$1/packages" ]; then
        mapfile -t packages < <(grep -vE '^[[:space:]]*(#|$)' "$TOP/tests/$1/packages")
        ensure_packages "${packages[@]}"
    fi
    case $1 in
    unit) build_sanitized ;;
    oracle) build_release ;;
    fuzz) ensure_build_tools ;;
    qtest) build_qtests ;;
    guest) build_qemu stagewalk ;;
    differential)
        build_release
        build_qemu stagewalk
        build_qemu baseline
        ;;
    esac
}

# run_tier NAME OPTION...: run it, add its summary to PASSED, FAILED and SKIPPED.
run_tier() {
    local tier=$1 log=$BUILD/logs/test-$1.log status summary start=$SECONDS
    shift
    say "Testing: $tier"
    set +e
    "$TOP/tests/$tier/run" "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    set -e
    summary=$(grep -E "^# tier $tier: [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped" "$log" | tail -n 1)
    if [[ $summary =~ :\ ([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped ]]; then
        PASSED=$((PASSED + BASH_REMATCH[1]))
        FAILED=$((FAILED + BASH_REMATCH[2]))
        SKIPPED=$((SKIPPED + BASH_REMATCH[3]))
        if [ "$status" -ne 0 ] && [ "${BASH_REMATCH[2]}" = 0 ]; then
            echo "stagewalk: tier $tier reported no failure but ended with status $status. Log: $log"
            FAILED=$((FAILED + 1))
        fi
    else
        echo "stagewalk: tier $tier broke off with status $status and no summary. Log: $log"
        FAILED=$((FAILED + 1))
    fi
    note "$tier took $((SECONDS - start)) s"
}

# run_tiers NAMES OPTION...: NAMES is one word list.
run_tiers() {
    local tiers tier
    PASSED=0 FAILED=0 SKIPPED=0
    read -ra tiers <<<"$1"
    shift
    for tier in "${tiers[@]}"; do
        locked prepare_tier "$tier"
        run_tier "$tier" "$@"
    done
    echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
    [ "$FAILED" -eq 0 ]
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Messages, logged steps, retries and root, for the entry script and its parts.
# The entry script has set TOP (the checkout), BUILD, CACHE and JOBS.

: "${BUILD:?}" "${JOBS:?}"

LOG=/dev/null

say() {
    printf '==> %s\n' "$*"
}

note() {
    printf '    %s\n' "$*"
}

die() {
    printf 'stagewalk: %s\n' "$*" >&2
    exit 1
}

# open_log NAME: everything that steps print goes to a file of this run; the last
# twenty are kept.
open_log() {
    mkdir -p "$BUILD/logs"
    LOG=$BUILD/logs/$1-$(date +%Y%m%d-%H%M%S)-$$.log
    printf '# stagewalk %s\n' "$1" >"$LOG"
    find "$BUILD/logs" -name '*-[0-9]*.log' -printf '%T@ %p\n' | sort -rn |
        awk 'NR > 20 { print $2 }' | xargs -r rm -f
}

# failed STEP ADVICE: the one line a failed step leaves.
failed() {
    die "failed: $1. $2 Log: $LOG"
}

# locked COMMAND...: with no other build in this checkout at the same time.
locked() {
    exec 9>"$BUILD/.lock"
    if ! flock -n 9; then
        say "Waiting for another stagewalk in this checkout"
        flock 9
    fi
    "$@"
    exec 9>&-
}

# step TITLE ADVICE COMMAND...: run a command or function with its output in the
# log. Not for use inside a condition, which would switch off errexit within.
step() {
    local title=$1 advice=$2 start=$SECONDS status
    shift 2
    say "$title"
    printf '\n### %s: %s\n' "$title" "$*" >>"$LOG"
    set +e
    (
        set -e
        "$@"
    ) >>"$LOG" 2>&1 9>&-
    status=$?
    set -e
    [ $status -eq 0 ] || failed "$title" "$advice"
    [ $((SECONDS - start)) -lt 5 ] || note "done in $((SECONDS - start)) s"
}

# retry COMMAND...: three attempts, for what a network can spoil.
retry() {
    local attempt
    for attempt in 1 2 3; do
        if "$@"; then
            return 0
        fi
        echo "attempt $attempt failed: $*"
        [ "$attempt" = 3 ] || sleep $((attempt * 2))
    done
    return 1
}

# have_root: can as_root work without asking a question nobody can answer?
have_root() {
    [ "$(id -u)" = 0 ] && return 0
    command -v sudo >/dev/null || return 1
    [ -t 0 ] || sudo -n true 2>/dev/null
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# ninja_progress: pass ninja's output to the log; show every tenth of the way.
ninja_progress() {
    local line shown=0 tenth
    while IFS= read -r line; do
        printf '%s\n' "$line" >&3
        if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] && [ "${BASH_REMATCH[2]}" -ge 50 ]; then
            tenth=$((10 * BASH_REMATCH[1] / BASH_REMATCH[2]))
            if [ $tenth -gt $shown ]; then
                shown=$tenth
                note "$((10 * tenth)) % (${BASH_REMATCH[1]} of ${BASH_REMATCH[2]})"
            fi
        fi
    done 3>>"$LOG"
}

# run_ninja TITLE ADVICE DIR TARGET...: build, with progress; compiler errors are
# shown, the rest is in the log.
run_ninja() {
    local title=$1 advice=$2 dir=$3 start=$SECONDS mark status
    shift 3
    say "$title"
    printf '\n### %s: ninja %s in %s\n' "$title" "$*" "$dir" >>"$LOG"
    mark=$(wc -l <"$LOG")
    set +e
    NINJA_STATUS='[%f/%t] ' ninja -C "$dir" -j "$JOBS" "$@" 2>&1 9>&- | ninja_progress
    status=${PIPESTATUS[0]}
    set -e
    if [ "$status" -ne 0 ]; then
        tail -n "+$mark" "$LOG" | grep -E 'error:|ERROR:|undefined reference' | head -n 8 >&2 || true
        failed "$title" "$advice"
    fi
    [ $((SECONDS - start)) -lt 5 ] || note "done in $((SECONDS - start)) s"
}

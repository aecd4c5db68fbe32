#!/bin/sh
# All tests: gis and kawasolar without Qt, ui offscreen, and those that open real windows under Xvfb.
# Arguments go to pytest, for example: tools/test.sh -k weather
set -u
cd "$(dirname "$0")/.."
python=.venv/bin/python
unset PYTHONDONTWRITEBYTECODE DISPLAY WAYLAND_DISPLAY || true
[ -n "${LC_ALL:-}${LC_CTYPE:-}${LANG:-}" ] || export LC_ALL=C.UTF-8

# Settings and caches of the person who runs this stay untouched.
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
trap 'exit 130' INT TERM
export XDG_CONFIG_HOME="$home/config" XDG_CACHE_HOME="$home/cache" XDG_DATA_HOME="$home/data" XDG_STATE_HOME="$home/state"
export XDG_RUNTIME_DIR="$home/runtime"
mkdir -m 700 "$XDG_RUNTIME_DIR"

failed=0
report=""
run() {
    name=$1
    shift
    printf '\n== %s\n' "$name"
    "$@" >"$home/log" 2>&1
    code=$?
    cat "$home/log"
    # 5: nothing selected, as with -k.
    [ $code -eq 5 ] && code=0
    [ $code -eq 0 ] || failed=1
    report="$report
$name: $(tail -n 1 "$home/log")"
}

if PYTHONPATH=tools/without_qt $python -c 'import PySide6' 2>/dev/null; then
    echo "tools/without_qt does not keep Qt out" >&2
    exit 1
fi
# File by file, so that what a file's tests share is made once; four at a time, for some of them
# mostly wait; in their order, for the one that waits longest is a single test and would come last.
run "gis and kawasolar, PySide6 not there" \
    env PYTHONPATH=tools/without_qt $python -m pytest -q -ra -p no:pytest-qt -n 4 --dist loadscope --no-loadscope-reorder tests --ignore=tests/ui -m "not xvfb" "$@"
# A window that waits for an answer sits in Qt's loop, where only another thread can end it.
run "ui, offscreen" env QT_QPA_PLATFORM=offscreen $python -m pytest -q -ra --timeout=120 --timeout-method=thread tests/ui -n 2 -m "not xvfb" "$@"
run "real windows under Xvfb" \
    xvfb-run -a -s "-screen 0 1600x1000x24" env QT_QPA_PLATFORM=xcb $python -m pytest -q -ra --timeout=120 --timeout-method=thread tests -m xvfb "$@"

printf '\n== summary%s\n' "$report"
exit $failed

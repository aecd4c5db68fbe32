#!/bin/sh
# Sets this folder up: system libraries, .venv from requirements.lock, bytecode.
#
#   tools/setup.sh run|test|dist
#
# Needs python3 (3.11 or newer) and a network the first time; later calls return at once.
# Exit codes: 0 ready, 1 a step failed, 2 no usable Python, 3 system packages are missing and only root may install them.
set -eu
unset PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME || true
cd "$(dirname "$0")/.."
mode=${1:-run}
case $mode in run | test | dist) ;; *) echo "usage: tools/setup.sh run|test|dist" >&2; exit 1 ;; esac
root=$(pwd)
stamps=.venv/.stamps

say() { printf 'setup: %s\n' "$*" >&2; }

# --- is everything as it was? ---------------------------------------------------------------------------------------

key() {
    # The environment depends on the two files, the interpreter and the place (scripts in .venv hold its path).
    if [ -x .venv/bin/python ]; then
        version=$(.venv/bin/python -I -S -c 'import sys; print(sys.version)' 2>/dev/null) || version=broken
    else
        version=none
    fi
    { cat requirements.lock pyproject.toml tools/setup.sh; printf '%s\n%s\n' "$version" "$root"; } | sha256sum | cut -d' ' -f1
}

current=$(key)
if [ -f "$stamps/environment" ] && [ "$(cat "$stamps/environment")" = "$current" ]; then environment=ready; else environment=; fi
[ -n "$environment" ] && [ -f "$stamps/system-$mode" ] && exit 0

# --- Python ---------------------------------------------------------------------------------------------------------

python=
for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    say "Python 3.11 to 3.14 is needed and was not found. Install it (Debian 12 or newer: apt-get install python3 python3-venv)"
    say "or name it: PYTHON=/path/to/python3.12 make $mode"
    exit 2
fi

# --- system packages ------------------------------------------------------------------------------------------------

# What is asked for, and the Debian package that has it. A library counts as there when it can be loaded.
needs='
lib libstdc++.so.6 libstdc++6
lib libz.so.1 zlib1g
lib libexpat.so.1 libexpat1
lib libglib-2.0.so.0 libglib2.0-0
lib libgthread-2.0.so.0 libglib2.0-0
lib libEGL.so.1 libegl1
lib libGL.so.1 libgl1
lib libdbus-1.so.3 libdbus-1-3
lib libfontconfig.so.1 libfontconfig1
lib libfreetype.so.6 libfreetype6
lib libxkbcommon.so.0 libxkbcommon0
lib libX11-xcb.so.1 libx11-xcb1
lib libxcb-cursor.so.0 libxcb-cursor0
lib libxcb-icccm.so.4 libxcb-icccm4
lib libxcb-image.so.0 libxcb-image0
lib libxcb-keysyms.so.1 libxcb-keysyms1
lib libxcb-randr.so.0 libxcb-randr0
lib libxcb-render-util.so.0 libxcb-render-util0
lib libxcb-shape.so.0 libxcb-shape0
lib libxcb-sync.so.1 libxcb-sync1
lib libxcb-xfixes.so.0 libxcb-xfixes0
lib libxcb-xkb.so.1 libxcb-xkb1
lib libxkbcommon-x11.so.0 libxkbcommon-x11-0
'
if [ "$mode" != run ]; then
    needs="$needs
cmd Xvfb xvfb
cmd xauth xauth"
fi
if [ "$mode" = dist ]; then
    # PyInstaller reads libraries with objdump; the check of the frozen program looks for its window with xwininfo.
    needs="$needs
cmd objdump binutils
cmd xwininfo x11-utils"
fi

missing_packages() {
    NEEDS=$needs "$python" - <<'PY'
import ctypes, os, shutil
missing = []
for line in os.environ["NEEDS"].split("\n"):
    if not line.strip():
        continue
    kind, name, package = line.split()
    if kind == "cmd":
        there = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/bin:/usr/sbin") is not None
    else:
        try:
            ctypes.CDLL(name)
            there = True
        except OSError:
            there = False
    if not there and package not in missing:
        missing.append(package)
try:
    import ensurepip, venv
except ImportError:
    missing.append("python3-venv")
print(" ".join(missing))
PY
}

install_packages() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" = 0 ]; then
        sudo=
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo="sudo -n"
    else
        return 1
    fi
    say "installing system packages: $*"
    $sudo apt-get update -qq >&2 || say "apt-get update failed; trying with the lists that are there"
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

if [ ! -f "$stamps/system-$mode" ] || [ -z "$environment" ]; then
    system=ready
    missing=$(missing_packages)
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086 -- a list of names
        install_packages $missing || true
        missing=$(missing_packages)
    fi
    if [ "$mode" = test ] && ! command -v grass >/dev/null 2>&1; then
        # A peer that the engine is tested against; without it those tests are skipped and say so.
        install_packages grass-core || say "GRASS is not installed; tests against it are skipped (apt-get install grass-core)"
    fi
    if [ -n "$missing" ]; then
        command="apt-get install --no-install-recommends $missing"
        screen=${DISPLAY:-}${WAYLAND_DISPLAY:-}
        case " $missing " in
        *" python3-venv "*) essential=yes ;;
        *" libstdc++6 "* | *" zlib1g "* | *" libexpat1 "*) essential=yes ;;
        *) if [ "$mode" = run ] && [ -z "$screen" ]; then essential=; else essential=yes; fi ;;
        esac
        if [ -n "$essential" ]; then
            say "system packages are missing. Run this as root, then try again:"
            printf '%s\n' "$command" >&2
            exit 3
        fi
        # Without a screen the plan is made on the command line, which needs none of Qt's libraries.
        say "no screen, and libraries of the window are missing; to open it later run as root: $command"
        system=
    fi
fi

# --- .venv ----------------------------------------------------------------------------------------------------------

if [ -z "$environment" ]; then
    begin=$(date +%s)
    if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' 2>/dev/null; then
        say "making .venv with $("$python" --version 2>&1)"
        "$python" -m venv --clear .venv
    elif ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        .venv/bin/python -m ensurepip -q
    fi
    rm -rf "$stamps"
    say "installing requirements.lock (about 1.3 GB; a minute with a fast network)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --only-binary :all: \
        --no-deps --no-compile -r requirements.lock >&2
    # The project itself: found where it lies, and its metadata-free command beside python.
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$root" >"$site/kawasolar.pth"
    printf '#!%s/.venv/bin/python\nfrom kawasolar.__main__ import main\nimport sys\n\nsys.exit(main())\n' "$root" >.venv/bin/kawasolar
    chmod +x .venv/bin/kawasolar
    # Imports take three times as long without bytecode. Some packages ship tests that are no valid Python on purpose.
    .venv/bin/python -m compileall -q -j 0 "$site" >/dev/null 2>&1 || true
    .venv/bin/python -c 'import numpy, numba, rasterio, pyogrio, geopandas' || { say "the environment does not work; remove .venv and try again"; exit 1; }
    # So that nobody's first plan waits for a compiler; what this leaves undone is compiled when it is first called.
    say "compiling the engine (half a minute)"
    { .venv/bin/python -m gis.warm && .venv/bin/python -m kawasolar.warm; } >/dev/null 2>&1 || say "not compiled ahead; the first plan takes longer"
    mkdir -p "$stamps"
    key >"$stamps/environment"
    say "ready after $(($(date +%s) - begin)) s"
fi
mkdir -p "$stamps"
[ -z "${system:-ready}" ] || : >"$stamps/system-$mode"

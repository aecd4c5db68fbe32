#!/bin/sh
# Installs what benchmarks/peers.py measures KawaSolar against: GRASS, and topocalc in an environment of its own (.venv-peers).
#
#   tools/peers.sh
#
# Needs a network the first time; later calls return at once. Nothing of KawaSolar needs any of it.
# Exit codes: 0 ready, 3 something is missing and was named (the benchmark then goes without).
set -u
unset PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME || true
cd "$(dirname "$0")/.." || exit 1
venv=.venv-peers
missing=

say() { printf 'peers: %s\n' "$*" >&2; }

# --- GRASS ----------------------------------------------------------------------------------------------------------

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

if ! command -v grass >/dev/null 2>&1; then
    install_packages grass-core || true
    if ! command -v grass >/dev/null 2>&1; then
        say "GRASS is missing. Run as root: apt-get install --no-install-recommends grass-core"
        missing=yes
    fi
fi

# --- topocalc -------------------------------------------------------------------------------------------------------

key() {
    if [ -x $venv/bin/python ]; then
        version=$($venv/bin/python -I -S -c 'import sys; print(sys.version)' 2>/dev/null) || version=broken
    else
        version=none
    fi
    { cat tools/peers.sh; printf '%s\n' "$version"; } | sha256sum | cut -d' ' -f1
}

# Its last numpy has no wheel for Python 3.13.
find_python() {
    for name in ${PYTHON:-} .venv/bin/python python3 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(not (3, 9) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then
            printf '%s\n' "$name"
            return 0
        fi
    done
    return 1
}

can_compile() {
    command -v gcc >/dev/null 2>&1 &&
        "$1" -c 'import os, sys, sysconfig; sys.exit(not os.path.isfile(os.path.join(sysconfig.get_path("include"), "Python.h")))'
}

install_topocalc() {
    python=$(find_python) || { say "topocalc needs Python 3.9 to 3.12; name one: PYTHON=/path/to/python3.12 tools/peers.sh"; return 1; }
    can_compile "$python" || install_packages gcc libc6-dev python3-dev || true
    can_compile "$python" || { say "topocalc needs a compiler. Run as root: apt-get install gcc libc6-dev python3-dev"; return 1; }
    say "making $venv with topocalc (half a minute)"
    "$python" -m venv --clear $venv || return 1
    pip="$venv/bin/python -m pip --quiet --disable-pip-version-check --no-input"
    $pip install "numpy<2" "cython<3" "setuptools<70" "setuptools_scm<8" wheel >&2 || return 1
    source=$(mktemp -d) || return 1
    # Its archive holds C code that an old Cython wrote for Python 3.9 and that no newer Python compiles; without it, it is written anew.
    # --no-deps: it asks for a reader of netCDF, which its horizons do not need.
    $pip download --no-deps --no-build-isolation --no-binary :all: --dest "$source" topocalc==0.5.0 >&2 &&
        tar -xzf "$source"/topocalc-*.tar.gz -C "$source" &&
        rm -f "$source"/topocalc-*/topocalc/core_c/topo_core.c &&
        $pip install --no-deps --no-build-isolation "$source"/topocalc-*/ >&2 &&
        $venv/bin/python -c 'import topocalc.horizon'
    code=$?
    rm -rf "$source"
    return $code
}

if [ ! -f $venv/.stamp ] || [ "$(cat $venv/.stamp)" != "$(key)" ]; then
    if install_topocalc; then
        key >$venv/.stamp
    else
        say "topocalc could not be installed; its part of the benchmark is left out"
        missing=yes
    fi
fi

[ -z "$missing" ] || exit 3

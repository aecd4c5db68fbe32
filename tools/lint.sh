#!/bin/sh
# Style, formatting, types, and who may import whom. All are run; one that fails makes the whole fail.
set -u
cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE || true
failed=0
run() {
    printf '== %s\n' "$*"
    ".venv/bin/$@" || failed=1
}
run ruff check .
run ruff format --check .
run mypy
run lint-imports
exit $failed

"""Entry of the program: the window, or the command line.

``kawasolar`` and ``kawasolar FILE.kawasolar`` open the window at once, before any of the heavy libraries is imported; everything else is the
command line's.
"""

from __future__ import annotations

import os
import sys

_WINDOW_OPTIONS = ("--smoke", "--theme", "--lang", "--no-restore")
_PROJECT_SUFFIX = ".kawasolar"


def _wants_window(arguments: list[str]) -> bool:
    first = next((word for word in arguments if not word.startswith("-")), None)
    if not arguments or arguments[0].endswith(_PROJECT_SUFFIX):
        return True
    # Options of the window may stand before the file: kawasolar --lang en plan.kawasolar
    return arguments[0] in _WINDOW_OPTIONS and (first is None or first not in ("plan", "export", "status", "open"))


def main(arguments: list[str] | None = None) -> int:
    """Run the program; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _prepare()
    if _wants_window(words):
        # The one place where the domain knows of the window; nothing is imported before it is wanted.
        from ui.app import run

        return run(words)
    from kawasolar.cli import run_command

    return run_command(words)


def _prepare() -> None:
    """Numba's cache must be writable where the program is installed for all users."""
    if "NUMBA_CACHE_DIR" not in os.environ and (getattr(sys, "frozen", False) or not os.access(os.path.dirname(__file__), os.W_OK)):  # noqa: PTH120
        from platformdirs import user_cache_dir

        os.environ["NUMBA_CACHE_DIR"] = os.path.join(user_cache_dir("KawaSolar", appauthor=False), "numba")  # noqa: PTH118


if __name__ == "__main__":
    sys.exit(main())

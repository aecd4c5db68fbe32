"""Entry of the program: the window, or the command line.

``kawasolar``, ``kawasolar open`` and ``kawasolar FILE.kawasolar`` open the window at once, before any of the heavy libraries is
imported; everything else is the command line's.
"""

from __future__ import annotations

import os
import sys

_COMMANDS = (
    "plan",
    "run",
    "status",
    "export",
    "why",
    "compare",
    "scenario",
    "edit",
    "recover",
    "surface",
    "survey",
    "yield",
    "finance",
    "fleet",
    "meters",
    "register",
    "registers",
    "loads",
    "bill",
    "demand",
    "profile",
    "layout",
    "modules",
    "glare",
    "ledger",
    "join",
    "programme",
    "sizing",
    "lots",
    "lighting",
    "eligibility",
    "measures",
    "charging",
    "siting",
)
_PROJECT_SUFFIX = ".kawasolar"
_HELP = ("--help", "--version")


def _wants_window(words: list[str]) -> bool:
    """Whether the words ask for the window: none of the command line's commands among them, and no call for help."""
    if not words or words[0] == "open" or words[0].endswith(_PROJECT_SUFFIX):
        return True
    return words[0].startswith("-") and not any(word in _COMMANDS or word in _HELP for word in words)


def _has_screen() -> bool:
    """Whether a window can be shown: always on Windows and macOS, elsewhere where a display server or a Qt platform is named."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in names)


def main(arguments: list[str] | None = None) -> int:
    """Run the program; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if _wants_window(words):
            if not _has_screen():
                from kawasolar.words import default_language, say

                print(f"kawasolar: {say(default_language(), 'cli.no_screen')}", file=sys.stderr)  # noqa: T201
                return 2
            # The one place where the domain knows of the window; nothing is imported before it is wanted.
            from ui.app import run

            return run(words[1:] if words[:1] == ["open"] else words)
        from kawasolar.cli import run_command

        return run_command(words)
    except KeyboardInterrupt:
        # While libraries are still being imported; later each part stops in its own way.
        return 5


if __name__ == "__main__":
    sys.exit(main())

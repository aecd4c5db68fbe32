"""Who sits at this machine."""

from __future__ import annotations

import getpass
import os


def person_name() -> str:
    """What the system calls the person; ``KAWASOLAR_PERSON`` wins, for servers and shared accounts."""
    named = os.environ.get("KAWASOLAR_PERSON", "").strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # No entry in the user database: containers, services.
        return "?"

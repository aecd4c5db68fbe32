"""The profiles of municipalities that come with the program."""

from __future__ import annotations

import tomllib
from pathlib import Path

from kawasolar.resources import resource_path


def bundled_profiles() -> dict[str, Path]:
    """Files by the name by which one asks for them; the first is taken unless another is."""
    told = tomllib.loads(resource_path("profiles", "bundled.toml").read_text("utf-8"))
    return {name: resource_path("profiles", f"{name}.toml") for name in told["names"]}


def profile_path(given: str | Path) -> Path:
    """The file that somebody asked for: a path, or the name of a bundled profile where no such file lies."""
    path, bundled = Path(given), bundled_profiles()
    return bundled[str(given)] if str(given) in bundled and not path.is_file() else path


def is_bundled(path: Path) -> bool:
    """Whether a file is one of them: a plan keeps its text, and names no file that lies elsewhere on another machine."""
    try:
        return path.resolve() in {bundled.resolve() for bundled in bundled_profiles().values()}
    except OSError:
        return False

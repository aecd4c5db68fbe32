"""The derived rasters beside a project: one folder for each survey, shared by the scenarios that share it."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from kawasolar.errors import NotWritable
from kawasolar.export.writing import atomic
from kawasolar.project.format import CACHE_RASTERS, absolute, cache_folder, cache_of

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Plan, Project

_OURS = re.compile(r"[0-9a-f]{12}")


def carry_cache(project: Project, path: Path) -> Project:
    """Copy the derived rasters beside the project that now lies at ``path``.

    Returns the project with its new cache folders. What cannot be copied stays away, and what no scenario of the project
    uses goes: it can be computed again, and a map of another plan would be wrong in silence.
    """
    place = absolute(path)
    plans: dict[str, Plan] = {}
    for key, plan in project.plans.items():
        target = cache_of(plan, place)
        if target != absolute(plan.cache):
            _copy(plan.cache, target)
            plans[key] = replace(plan, cache=target)
        else:
            plans[key] = plan
    _tidy(cache_folder(place), {plan.cache for plan in plans.values()})
    changed = any(plans[key] is not plan for key, plan in project.plans.items())
    return replace(project, plans=plans) if changed else project


def _copy(source: Path, target: Path) -> None:
    """The rasters of one survey. Those in a folder of its own are the right ones already; others may be another plan's."""
    own = bool(_OURS.fullmatch(target.name))
    with suppress(OSError):
        target.mkdir(parents=True, exist_ok=True)
        for name in CACHE_RASTERS:
            if own and (target / name).is_file():
                continue
            copied = False
            with suppress(OSError, NotWritable):
                if (source / name).is_file():
                    with atomic(target / name, ".tif") as work:
                        shutil.copyfile(source / name, work)
                    copied = True
            if not copied:
                (target / name).unlink(missing_ok=True)


def _tidy(root: Path, used: set[Path]) -> None:
    """Take away the rasters there that no scenario uses; what is not ours stays."""
    with suppress(OSError):
        if root not in used:
            _remove(root, folder_too=False)
        for folder in root.iterdir():
            if _OURS.fullmatch(folder.name) and folder not in used and folder.is_dir() and not folder.is_symlink():
                _remove(folder, folder_too=True)


def _remove(folder: Path, *, folder_too: bool) -> None:
    for name in CACHE_RASTERS:
        with suppress(OSError):
            (folder / name).unlink(missing_ok=True)
    if folder_too:
        # Something else in it: the folder stays.
        with suppress(OSError):
            folder.rmdir()

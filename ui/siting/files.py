"""The dialog's files as inputs of a plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kawasolar.plan import InputFile, no_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kawasolar.plan import Plan, Role
    from kawasolar.siting.inputs import Sources

# What each is in a plan; roads serve other things too, and are never taken away here.
_ROLES: Mapping[str, Role] = {
    "demand": "charge_demand",
    "known": "charge_candidates",
    "standing": "charge_standing",
    "roads": "roads",
}


def paths_of(plan: Plan) -> dict[str, Path | None]:
    """The plan's own files by their part of the dialog."""
    by_role = {file.role: Path(file.path) for file in plan.inputs}
    return {name: by_role.get(role) for name, role in _ROLES.items()}


def files_taken(plan: Plan, paths: Mapping[str, Path | None]) -> tuple[InputFile, ...]:
    """What a plan takes in, as yet unread; the plan's own file as it is known, and none for one that was left."""
    by_role = {file.role: file for file in plan.inputs}
    found = []
    for name, role in _ROLES.items():
        path, before = paths[name], by_role.get(role)
        if path is not None:
            same = before is not None and Path(before.path) == path.absolute()
            found.append(before if before is not None and same else InputFile(role, str(path.absolute()), 0, ""))
        elif before is not None and role != "roads":
            found.append(no_file(role))
    return tuple(found)


def as_said(sources: Sources, files: Iterable[InputFile]) -> Sources:
    """With the CRS and the layer that somebody has told of files that do not say them."""
    said = {file.role: file for file in files}
    crs = {name: (said[role].crs or None) if role in said else None for name, role in _ROLES.items()}
    demand = said.get("charge_demand")
    layer = None if demand is None else demand.layer or None
    return replace(
        sources, crs=crs["demand"], layer=layer, known_crs=crs["known"], standing_crs=crs["standing"], roads_crs=crs["roads"]
    )  # fmt: skip

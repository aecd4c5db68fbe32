"""Sites of shared and public chargers as a plan keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gis.errors import CodedError
from kawasolar.answers.options import Options, flag, number, one_of, per_key, texts, year
from kawasolar.answers.shapes import ANY, types_of
from kawasolar.errors import PlanError, UnreadableLedger
from kawasolar.plan import Answer
from kawasolar.siting.candidates import COLUMNS as CANDIDATES
from kawasolar.siting.candidates import REASONS
from kawasolar.siting.curve import COLUMNS as CURVE
from kawasolar.siting.inputs import SOURCES, Source, Sources, sites_for
from kawasolar.siting.kept import AREAS, KeptSiting
from kawasolar.siting.of_plan import METHODS, POINTS, SITES, Asked, Siting
from kawasolar.siting.table import Assumptions, assumption_rows, assumptions_with, usual_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from gis.findings import Finding
    from gis.progress import Progress
    from kawasolar.plan import Plan

WAYS, HOW = ("straight", "roads"), ("standing", "pinned", "chosen")
# Demand in a raster is people, in any other file points.
RASTERS = (".tif", ".tiff", ".asc")
_MOST_YEARS = 50
_TEXTS = "site_id name how point_id kind ward landslide why_not shape"
FRAMES = {
    "sites": types_of(SITES, texts=_TEXTS, whole="fiscal_year points"),
    "points": types_of(POINTS, texts=_TEXTS, flags="covered"),
    # ``visible``: 1, 0, or nobody knows.
    "candidates": types_of(CANDIDATES, texts=_TEXTS, flags="standing"),
    "curve": types_of(CURVE, texts="", whole="number"),
    "catchments": types_of(AREAS, texts=_TEXTS, whole="points"),
}
HEAD = {
    "method": str, "source": str, "way": str, "number": int, "points": int, "weight": float, "candidates": int, "total": float, "bound": (None, float),
    "gap": float, "covered_share": float, "served_share": float, "mean_m": (None, float), "unreached": int, "gathered_m": float, "radius_m": float,
    "price_yen": float, "kwh_day": float, "budgets": [float], "first_year": int, "carried": bool, "split": bool, "assumed": {ANY: float},
    "by_hand": [str], "verify": [str],
}  # fmt: skip
_OPTIONS: Options = {
    "source": one_of(*SOURCES), "method": one_of(*METHODS), "number": number(1, 100_000, whole=True), "budgets": per_key(number(0.0, 1e15), whole=True),
    "carried": flag, "split": flag, "gap": number(0.0, 1.0), "seconds": number(0.1, 86_400.0), "curve": flag, "ways": one_of(*WAYS), "spare": flag,
    "visible": flag, "pins": texts, "vetoes": texts, "values": per_key(number(-1e15, 1e15)),
}  # fmt: skip
_AS_ASKED = ("method", "carried", "split", "gap", "seconds", "curve")


@dataclass(frozen=True)
class WantedSites:
    """What a plan is asked for.

    Attributes
    ----------
    asked, assumed : as :func:`kawasolar.siting.inputs.sites_for` takes them; without number and budgets as many as usual
    source : of the demand; None: the plan's file of it, else its vehicles
    ways : ``straight`` × detour, or along the plan's ``roads``
    spare, visible, vetoes : as :class:`kawasolar.siting.inputs.Sources`
    """

    asked: Asked
    assumed: Assumptions
    source: Source | None = None
    ways: str = "straight"
    spare: bool = False
    visible: bool = False
    vetoes: tuple[str, ...] = ()


def checked(options: Mapping[str, Any]) -> WantedSites:
    """Options of an entry as the room of siting takes them.

    Raises
    ------
    PlanError
        ``answers.no_such_option``, ``answers.bad_option``, ``siting.bad_budget``, ``siting.budget_needs_cover``, ``siting.pinned_and_vetoed``, and those of
        :func:`kawasolar.siting.table.assumptions_with`
    """
    from kawasolar.answers.options import read

    told = read(options, _OPTIONS)
    budgets, first = _budgets(told.get("budgets", {}))
    if budgets and told.get("method", "cover") != "cover":
        raise PlanError("siting.budget_needs_cover")
    pins, vetoes = tuple(told.get("pins", ())), tuple(told.get("vetoes", ()))
    if both := sorted(set(pins) & set(vetoes)):
        raise PlanError("siting.pinned_and_vetoed", candidate=both[0][:60])
    asked = Asked(
        number=told.get("number"), budgets=budgets, first_year=first, pinned=pins,
        **{name: told[name] for name in _AS_ASKED if name in told},
    )  # fmt: skip
    rest = {name: told[name] for name in ("source", "ways", "spare", "visible") if name in told}
    return WantedSites(asked, assumptions_with(told.get("values", {})), vetoes=vetoes, **rest)


def _budgets(given: Mapping[str, float]) -> tuple[tuple[float, ...], int]:
    """Of each fiscal year from the first [yen], nothing in those that are not named."""
    by_year = {int(key): float(value) for key, value in given.items()}
    if not by_year:
        return (), 0
    first, last = min(by_year), max(by_year)
    if not (year(first) and year(last) and first) or last - first >= _MOST_YEARS:
        raise PlanError("siting.bad_budget")
    return tuple(by_year.get(one, 0.0) for one in range(first, last + 1)), first


def options_of(wanted: WantedSites) -> dict[str, Any]:
    """What :func:`checked` reads as this, without what stands at its usual value; budgets must tell their first year."""
    usual, asked = Asked(), wanted.asked
    told: dict[str, Any] = {
        name: getattr(asked, name) for name in _AS_ASKED if getattr(asked, name) != getattr(usual, name)
    }
    if asked.number is not None:
        told["number"] = asked.number
    if asked.budgets:
        told["budgets"] = {str(asked.first_year + k): value for k, value in enumerate(asked.budgets)}
    if wanted.source is not None:
        told["source"] = wanted.source
    if wanted.ways != "straight":
        told["ways"] = wanted.ways
    told |= {name: True for name in ("spare", "visible") if getattr(wanted, name)}
    told |= {name: list(ids) for name, ids in (("pins", asked.pinned), ("vetoes", wanted.vetoes)) if ids}
    values = {key: getattr(wanted.assumed, key) for key in sorted(wanted.assumed.asked)}
    return told | ({"values": values} if values else {})


def source_of(demand: Path) -> Source:
    """What a file of demand holds, by its ending."""
    return "population" if demand.suffix.lower() in RASTERS else "points"


def sources_of(plan: Plan, wanted: WantedSites) -> Sources:
    """The plan's files as the room of siting takes them.

    Raises
    ------
    PlanError
        ``siting.no_demand_file``, ``siting.no_roads_file``: it is asked for, and the plan has none; ``siting.no_demand``: neither a file nor vehicles
    """
    from pathlib import Path

    by_role = {file.role: file for file in plan.inputs}
    demand, roads = by_role.get("charge_demand"), by_role.get("roads")
    source = wanted.source
    if source is None and demand is not None:
        source = source_of(Path(demand.path))
    if source is None and "vehicles" in plan.registers.by_kind:
        source = "fleet"
    if source is None:
        raise PlanError("siting.no_demand")
    if source != "fleet" and demand is None:
        raise PlanError("siting.no_demand_file")
    if wanted.ways == "roads" and roads is None:
        raise PlanError("siting.no_roads_file")
    used = {
        "demand": demand if source != "fleet" else None, "known": by_role.get("charge_candidates"), "standing": by_role.get("charge_standing"),
        "roads": roads if wanted.ways == "roads" else None,
    }  # fmt: skip
    path = {name: None if file is None else Path(file.path) for name, file in used.items()}
    crs = {name: None if file is None else file.crs or None for name, file in used.items()}
    layer = None if used["demand"] is None else used["demand"].layer or None
    return Sources(
        source, path["demand"], crs["demand"], layer, path["known"], path["standing"], crs["known"], crs["standing"], path["roads"], crs["roads"],
        spare=wanted.spare, visible=wanted.visible, vetoed=wanted.vetoes,
    )  # fmt: skip


def compute(plan: Plan, options: Mapping[str, Any], progress: Progress) -> tuple[Answer, list[Finding]]:
    """As :func:`kawasolar.siting.inputs.sites_for`, from the plan's own files.

    Raises
    ------
    PlanError
        ``siting.…`` of what cannot be, a file that cannot be read among it: of a plan's many results it is one
    """
    from kawasolar.siting.catchments import catchments
    from kawasolar.siting.kept import areas_as_text, kept

    wanted = checked(options)
    sources = sources_of(plan, wanted)
    try:
        found, findings = sites_for(plan, sources, wanted.assumed, wanted.asked, progress, usual=usual_number())
    except CodedError as error:
        if isinstance(error, PlanError) and not isinstance(error, UnreadableLedger):
            raise
        raise _refused(error) from error
    head, frames = kept(found)
    frames = {
        **frames,
        "candidates": _seen_as_number(frames["candidates"]),
        "curve": frames["curve"].reindex(columns=list(CURVE)),
    }
    frames["catchments"] = areas_as_text(catchments(found.points, plan.crs))
    return Answer(head, frames), findings


def _refused(error: CodedError) -> PlanError:
    """A file that cannot be read, as what of siting cannot be."""
    if error.code.startswith("siting."):
        return PlanError(error.code, **error.details)
    code = "siting.no_crs" if error.code.endswith(".no_crs") else "siting.unreadable"
    return PlanError(code, file=str(error.details.get("file", "")))


def _seen_as_number(candidates: pd.DataFrame) -> pd.DataFrame:
    return candidates.assign(visible=candidates["visible"].map({True: 1.0, False: 0.0}).astype("float64"))


def check(answer: Answer) -> None:
    """Refuse codes that there are not, sites that no catchment or point can have, and shapes that are none.

    Raises
    ------
    ValueError
        names the place
    """
    from kawasolar.siting.kept import areas_from_text

    head: Mapping[str, Any] = answer.head
    rows = assumption_rows()
    known = (
        ("method", head["method"] in METHODS), ("source", head["source"] in SOURCES), ("way", head["way"] in WAYS), ("weight", head["weight"] > 0),
        ("assumed", {"detour", "radius_m"} <= set(head["assumed"]) <= set(rows)), ("verify", set(head["verify"]) | set(head["by_hand"]) <= set(rows)),
    )  # fmt: skip
    for name, good in known:
        if not good:
            raise ValueError(f"siting.{name}")
    frames = answer.frames
    ids = set(frames["sites"]["site_id"])
    if None in ids or len(ids) != len(frames["sites"]) or not set(frames["sites"]["how"]) <= set(HOW):
        raise ValueError("siting sites")
    for name in ("points", "catchments"):
        if not set(frames[name]["site_id"]) - {None} <= ids:
            raise ValueError(f"siting {name}: site_id")
    codes = {code for text in set(frames["candidates"]["why_not"]) for code in (text or "").split(";")}
    if not codes <= {"", *REASONS} or not set(frames["candidates"]["visible"].dropna()) <= {0.0, 1.0}:
        raise ValueError("siting candidates")
    areas_from_text(frames["catchments"])


def result(answer: Answer) -> KeptSiting:
    """What the room of siting says of it, with its catchments."""
    from kawasolar.siting.kept import areas_from_text, from_kept

    frames = dict(answer.frames)
    seen = frames["candidates"]["visible"]
    flags = seen.astype(object).where(seen.notna(), None).map({1.0: True, 0.0: False, None: None}, na_action=None)
    frames["candidates"] = frames["candidates"].assign(visible=flags.where(seen.notna(), None))
    found: Siting = from_kept(answer.head, frames)
    return KeptSiting(found, areas_from_text(frames["catchments"]))

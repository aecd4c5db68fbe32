"""The functions that compute what each stage leaves on the bench."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kawasolar.document.views import (
    joins_of,
    keepouts_of,
    mapping_of,
    shares_of,
    special_layouts,
)
from kawasolar.owners import owners_of_buildings
from kawasolar.plan import ANSWERS
from kawasolar.stages import further
from kawasolar.stages.work import Surveyed, Work, Yielded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import geopandas as gpd

    from gis.findings import Finding
    from gis.progress import Progress
    from gis.survey import PartSurvey, Survey
    from kawasolar.plan import AnswerKind
    from kawasolar.stages.bench import Bench
    from kawasolar.stages.tiled import TiledSurvey

    Run = Callable[[Work, Bench, set[str] | None, Progress], None]

# Findings on planes that were given.
_OF_GIVEN = "survey.given_"


def run_ledger(work: Work, bench: Bench, progress: Progress) -> None:
    """Read the ledger and join it to the outlines."""
    from gis.aside import aside
    from gis.progress import part
    from kawasolar.address import placed_by_address
    from kawasolar.join import Weights, join_facilities
    from kawasolar.ledger import read_facilities
    from kawasolar.ledger.notes import folded
    from kawasolar.plan import LedgerRead
    from kawasolar.stages.places import places_of

    if not bench.is_large():
        bench.surface(part(progress, 0.0, 0.6))
    grid = bench.grid()
    work.crs, work.synthetic = grid.crs, bench.synthetic()
    path, layer, layer_crs = bench.path("facilities"), bench.layer("facilities"), bench.crs("facilities")
    mapping = mapping_of(work.entries)
    ledger = aside(
        lambda: read_facilities(path, grid.crs, layer=layer, area=grid.bounds, layer_crs=layer_crs, mapping=mapping),
        progress,
        0.6,
        "ledger",
    )
    outlines = bench.outlines(part(progress, 0.6, 0.7))
    places = places_of(bench, part(progress, 0.7, 0.8))
    facilities, placed = placed_by_address(ledger.facilities, places.book)
    facilities, of_wards = _with_wards(facilities, bench, progress)
    links, findings = join_facilities(
        facilities, outlines.frame, nearest_m=work.profile.number("join.nearest_m"), progress=part(progress, 0.8, 1.0),
        outlines=ledger.outlines, weights=Weights.of(work.profile), parcels=places.parcels,
    )  # fmt: skip
    work.read = LedgerRead(facilities, links, dict(ledger.columns), ledger.sheet)
    work.findings["ledger"] = (*ledger.findings, *places.findings, *folded(placed), *of_wards, *findings)


def _with_wards(
    facilities: gpd.GeoDataFrame, bench: Bench, progress: Progress
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Facilities with the wards in which they lie, where the plan has a file of wards."""
    from gis.aside import aside
    from gis.wards import read_wards
    from kawasolar.ward_places import with_wards

    if not any(entry.role == "wards" for entry in bench.inputs):
        return facilities, []
    path, crs = bench.path("wards"), bench.crs("wards")
    wards = aside(lambda: read_wards(path, bench.grid().crs, crs=crs), progress, 0.8, "ledger")
    return with_wards(facilities, wards, bench.path("facilities"), path)


def run_join(work: Work, bench: Bench) -> None:
    """What people say of the buildings of a facility, over what the program found."""
    from kawasolar.join import corrected_links

    if work.read is None:
        raise AssertionError("the ledger has not been read")
    known = known_buildings(work)
    if known is None:
        known = set(bench.outlines().frame["building_id"])
    facilities = set(work.read.frame["facility_id"])
    work.links, findings = corrected_links(
        work.read.links, joins_of(work.entries), facilities, known, shares_of(work.entries)
    )
    work.findings["join"] = tuple(findings)


def known_buildings(work: Work) -> set[str] | None:
    """Ids of all outlines, as far as the join needs them; None where only the file can tell: the survey is of other outlines."""
    if not work.entries.table("joins"):
        return set()
    ledger, survey = work.stamps.get("ledger"), work.stamps.get("survey")
    if work.surveyed is None or ledger is None or survey is None:
        return None
    if any(
        ledger.inputs.get(name) != survey.inputs.get(name) for name in ("file:buildings", "file:dsm", "entered:epsg")
    ):
        return None
    return set(work.surveyed.buildings["building_id"])


def run_survey(work: Work, bench: Bench, changed: set[str] | None, progress: Progress) -> None:
    """Survey all roofs, or only the buildings in ``changed``."""
    from gis.progress import part
    from gis.survey import PartSurvey
    from gis.survey_tables import box_findings
    from kawasolar.project.arrays import as_kept

    detail = set(work.buildings_of_facilities())
    keepouts = _keepouts_on(work, detail)
    within = part(progress, 0.0, 0.9)
    beside, key = work.beside, survey_key(work, detail)
    if changed is None or work.surveyed is None or can_restore_rasters(work):
        found: Survey | TiledSurvey | PartSurvey = bench.survey(work.profile, detail, keepouts, within, beside, key)
    else:
        planes = None if work.cache is None else work.cache / "planes.tif"
        found = bench.survey_some(work.profile, work.surveyed, changed, detail, keepouts, planes, within, beside, key)
    # As the project file keeps it, so that what is computed from it later is the same.
    work.surveyed = Surveyed(
        found.buildings, found.planes, as_kept(found.sunlit), found.azimuths, found.open_sky_kwh_m2
    )
    weather, said = bench.weather(), found.findings
    if isinstance(found, PartSurvey) and bench.is_large():
        # What became of given planes depends on none of what has changed, and only a survey of all tiles knows all of it.
        before = work.findings.get("survey", ())
        said = (*said, *(finding for finding in before if finding.code.startswith(_OF_GIVEN)))
    work.findings["survey"] = (
        *bench.surface_findings(), *bench.canopy_findings(), *bench.outlines().findings, *bench.given_findings(), *weather.findings,
        *bench.distance_finding(), *said, *box_findings(found.buildings, detail),
    )  # fmt: skip
    # What only some buildings changed in leaves the rasters as they are.
    if not isinstance(found, PartSurvey):
        work.cache = bench.write_cache(work.cache_root / survey_folder(work), part(progress, 0.9, 1.0))


def _keepouts_on(work: Work, detail: set[str]) -> gpd.GeoDataFrame | None:
    """The keep-outs drawn on these buildings.

    One on a roof that is no facility's waits until it is: parts are told by the buildings of facilities.
    """
    if work.crs is None:
        return None
    keepouts = keepouts_of(work.entries, work.crs)
    return keepouts[keepouts["building_id"].isin(detail)]


def can_restore_rasters(work: Work) -> bool:
    """Whether derived rasters of the survey are missing, and all files are there to make them anew."""
    from kawasolar.project import CACHE_RASTERS
    from kawasolar.stages.chain import BY_NAME

    if work.cache is None or all((work.cache / name).is_file() for name in CACHE_RASTERS):
        return False
    paths = {entry.role: Path(entry.path) for entry in work.inputs}
    if not {"dsm", "buildings", "weather"} <= set(paths):
        return False
    return all(paths[role].is_file() for role in BY_NAME["survey"].files if role in paths)


def restore_rasters(work: Work, bench: Bench, progress: Progress) -> None:
    """Make the derived rasters of a survey anew; its results stay the same objects."""
    from gis.progress import part
    from kawasolar.errors import NotWritable

    detail = set(work.buildings_of_facilities())
    keepouts, beside = _keepouts_on(work, detail), work.beside
    bench.survey(work.profile, detail, keepouts, part(progress, 0.0, 0.9), beside, survey_key(work, detail))
    # Nothing is computed from them: where they cannot be written, the plan stays as it is.
    with suppress(NotWritable):
        work.cache = bench.write_cache(work.cache_root / survey_folder(work), part(progress, 0.9, 1.0))


def survey_folder(work: Work) -> str:
    """Name of the folder of the rasters that belong to the survey as it would be made now; no keep-out changes them."""
    from kawasolar.stages.chain import BY_NAME, expected

    return expected(BY_NAME["survey"], work).base[:12]


def survey_key(work: Work, detail: set[str]) -> str:
    """Name of all that the survey as it would be made now depends on; by it one that was stopped is known again."""
    from kawasolar.stages.chain import BY_NAME, expected

    return " ".join([expected(BY_NAME["survey"], work).fingerprint, *sorted(detail)])


def run_layout(work: Work, changed: set[str] | None, progress: Progress) -> None:
    """Modules on the roofs of each facility, or only of those in ``changed``."""
    import geopandas as gpd
    import pandas as pd

    from kawasolar.layouts import compute_layouts

    surveyed, links = work.surveyed, work.links
    if surveyed is None or links is None:
        raise AssertionError("the survey has not run")
    owners = owners_of_buildings(links)
    before = work.subarrays if changed is not None else None
    asked = owners if before is None else {b: owner for b, owner in owners.items() if owner in (changed or set())}
    special = special_layouts(work.entries, work.scenario, work.profile)
    found = compute_layouts(surveyed.planes, surveyed.buildings, asked, work.profile, special, progress)
    if before is not None:
        kept = before[before["building_id"].isin(set(owners) - set(asked))]
        both = [frame for frame in (kept, found) if len(frame)]
        if both:
            joined = pd.concat(both, ignore_index=True).sort_values("plane_id", kind="stable", ignore_index=True)
            found = gpd.GeoDataFrame(joined, geometry="geometry", crs=found.crs)
    work.subarrays = found


def run_yield(work: Work, bench: Bench, changed: set[str] | None, progress: Progress) -> None:
    """The year of each facility, or only of those in ``changed``."""
    from kawasolar.yields import compute_yields, merged

    surveyed, links, subarrays = work.surveyed, work.links, work.subarrays
    if surveyed is None or links is None or subarrays is None:
        raise AssertionError("the layout has not run")
    weather = bench.weather(_place_of_before(work))
    before = work.yielded if changed is not None else None
    asked = links if before is None else links[links["facility_id"].isin(changed or set())]
    found = compute_yields(
        surveyed.planes,
        surveyed.sunlit,
        surveyed.azimuths,
        subarrays,
        asked,
        weather,
        work.profile,
        progress,
        band=bench.band(),
    )
    if before is not None:
        found = merged(before, found, links)
    work.findings["yield"] = bench.band_findings()
    work.yielded = Yielded(
        found.yields, found.month_hour, found.month_hour_lost, found.typical_days, found.hourly, weather.summary()
    )


def _place_of_before(work: Work) -> tuple[float, float] | None:
    """Longitude and latitude for which the weather was read before, if that was the same file over the same surface."""
    from kawasolar.stages.chain import BY_NAME, expected

    stamp = work.stamps.get("yield")
    if stamp is None or work.yielded is None:
        return None
    wanted = expected(BY_NAME["yield"], work)
    # Each part has the survey's base in it, and so the surface.
    surface_is_same = any(stamp.parts.get(name) == own for name, own in wanted.parts.items())
    if not surface_is_same or stamp.inputs.get("file:weather") != wanted.inputs.get("file:weather"):
        return None
    return work.yielded.weather.longitude, work.yielded.weather.latitude


def run_decision(work: Work) -> None:
    """Who is eligible and who is chosen: both stages at once, for they take milliseconds."""
    from kawasolar.decide import decide

    surveyed, yielded, links = work.surveyed, work.yielded, work.links
    if surveyed is None or yielded is None or links is None:
        raise AssertionError("the yield has not run")
    results = work.results(surveyed, yielded, links)
    work.decision = decide(work.facilities(), results, work.profile, work.settings)


# What a stage leaves, by the name of its slot: taken over from another scenario that was computed from the same.
SLOTS: Mapping[str, tuple[str, ...]] = {
    "ledger": ("read", "crs", "synthetic"),
    "join": ("links",),
    "registers": ("registers",),
    "survey": ("surveyed", "cache"),
    "layout": ("subarrays",),
    "yield": ("yielded",),
    "use": ("use",),
    "eligibility": (),
    "selection": ("decision",),
    "programme": ("programme",),
    **dict.fromkeys(ANSWERS, ()),
}
# Eligibility leaves nothing of its own: the selection makes the whole decision, and always follows.
RUN: Mapping[str, Run] = {
    "ledger": lambda work, bench, _changed, progress: run_ledger(work, bench, progress),
    "join": lambda work, bench, _changed, _progress: run_join(work, bench),
    "registers": lambda work, bench, _changed, progress: further.run_registers(work, bench, progress),
    "survey": run_survey,
    "layout": lambda work, _bench, changed, progress: run_layout(work, changed, progress),
    "yield": run_yield,
    "use": lambda work, _bench, _changed, progress: further.run_use(work, progress),
    "eligibility": lambda _work, _bench, _changed, _progress: None,
    "selection": lambda work, _bench, _changed, _progress: run_decision(work),
    "programme": lambda work, _bench, _changed, progress: further.run_programme(work, progress),
    "lighting": lambda work, _bench, _changed, progress: further.run_answer("lighting", work, progress),
    "fleet": lambda work, _bench, _changed, progress: further.run_answer("fleet", work, progress),
    "charging": lambda work, _bench, _changed, progress: further.run_answer("charging", work, progress),
    "siting": lambda work, _bench, _changed, progress: further.run_answer("siting", work, progress),
}


def take_over(work: Work, stage: str, other: Work) -> None:
    """The result of a stage from a plan in which it was computed from the same."""
    for slot in SLOTS[stage]:
        setattr(work, slot, getattr(other, slot))
    if stage in ANSWERS:
        _take_over_answer(work, stage, other)
    if stage == "survey" and work.surveyed is not None and work.subarrays is not None:
        # Modules that wait for a layout may stand on planes of another surface.
        there = work.subarrays["plane_id"].isin(work.surveyed.planes["plane_id"])
        if not there.all():
            work.subarrays = work.subarrays[there].reset_index(drop=True)
    if stage in other.findings:
        work.findings[stage] = other.findings[stage]
    work.stamps[stage] = other.stamps[stage]


def _take_over_answer(work: Work, kind: AnswerKind, other: Work) -> None:
    work.answers.pop(kind, None)
    if kind in other.answers:
        work.answers[kind] = other.answers[kind]

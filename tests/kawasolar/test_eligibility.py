"""Criteria one by one on hand-made facilities, the three statuses, every reason, and what the slider needs."""

from __future__ import annotations

import dataclasses
import json
import re
import time
import tomllib
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from shapely.geometry import Point

from kawasolar.decide import criteria_table, decide, decision_findings, default_settings, effect_of_criteria
from kawasolar.electrical import roof_load_of
from kawasolar.eligibility import assess
from kawasolar.figures import figures
from kawasolar.layouts import no_subarrays
from kawasolar.plan import Decision, Results, Settings, WeatherSummary
from kawasolar.profile import Profile, load_profile, profile_from_text
from kawasolar.profiles.check import problems
from kawasolar.reasons import reason_sentence
from kawasolar.value_rules import CRITERION_RULES, LATER_CRITERIA
from kawasolar.words import LANGUAGES, catalogue, say
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, object] = {
    "seismic": "new", "remaining_years": 30.0, "built_year": 1990.0, "structure": "rc", "closure_year": np.nan,
    "waterproofed_year": 2020.0, "roof_type": "flat", "floor_area_m2": 1000.0, "flood_depth_m": 0.5,
}  # fmt: skip
# What an override says of the roof, not of the ledger.
ROOF = ("usable_m2", "flat", "building", "roof", "irradiation", "energy")
OFF = {"flood", "usable_area", *LATER_CRITERIA}


@dataclasses.dataclass
class Town:
    """Facilities ``A``, ``B`` … each on a building with one flat roof of 500 m², 400 of them usable."""

    ledger: gpd.GeoDataFrame
    results: Results
    profile: Profile

    def decide(self, settings: Settings | None = None) -> Decision:
        return decide(self.ledger, self.results, self.profile, settings or default_settings(self.profile))

    def status(self, settings: Settings | None = None) -> dict[str, str]:
        return self.decide(settings).sites.set_index("facility_id")["status"].to_dict()

    def outcome(self, key: str, settings: Settings | None = None) -> dict[str, tuple[str, object]]:
        found = self.decide(settings).outcomes
        mine = found[found["criterion"] == key]
        return {row.facility_id: (row.outcome, row.value) for row in mine.itertuples()}


def town(*overrides: dict[str, object], without: tuple[str, ...] = (), profile: Profile | None = None) -> Town:
    """One facility per override of :data:`GOOD`; ``usable_m2``, ``flat``, ``building`` and ``roof`` set its roof."""
    profile = profile or load_profile()
    ids = [chr(ord("A") + k) for k in range(len(overrides))]
    rows = [{**GOOD, **{k: v for k, v in one.items() if k not in ROOF}} for one in overrides]
    places = [Point(k, 0) for k in range(len(ids))]
    ledger = gpd.GeoDataFrame({"facility_id": ids, "name": ids}, geometry=places, crs=6677)
    columns = list(dict.fromkeys([*GOOD, *(key for row in rows for key in row)]))
    ledger = ledger.join(pd.DataFrame(rows, columns=columns)).drop(columns=list(without))
    has_building = np.array([one.get("building", True) for one in overrides], dtype=bool)
    has_roof = has_building & np.array([one.get("roof", True) for one in overrides], dtype=bool)
    links = pd.DataFrame({"facility_id": ids, "building_id": [f"b{name}" for name in ids], "score": 1.0})[has_building]
    usable = np.array([one.get("usable_m2", 400.0) for one in overrides], dtype=float)
    planes = gpd.GeoDataFrame(
        {
            "building_id": [f"b{name}" for name in ids], "area_m2": 500.0, "usable_m2": usable,
            "flat": np.array([one.get("flat", True) for one in overrides], dtype=bool), "irradiation_kwh_m2": 1200.0,
        },
        geometry=ledger.geometry.to_numpy(), crs=6677,
    )[has_roof]  # fmt: skip
    lit = np.array([one.get("irradiation", 1300.0) for one in overrides], dtype=float)
    energy = np.array([one.get("energy", 50_000.0 - k) for k, one in enumerate(overrides)], dtype=float)
    yields = pd.DataFrame(
        {
            "facility_id": ids, "roof_m2": np.where(has_roof, 500.0, 0.0), "usable_m2": np.where(has_roof, usable, 0.0),
            "capacity_kw": np.where(has_roof, usable * 0.1125, 0.0), "energy_kwh": energy, "specific_yield": 1100.0,
            "irradiation_kwh_m2": np.where(has_roof & (usable > 0), lit, np.nan), "shading_loss": 0.1, "snow_loss": 0.0,
            "co2_t": energy * 0.43 / 1000,
        }
    )[has_building]  # fmt: skip
    shape = (len(yields), 12, 24)
    results = Results(
        buildings=planes, planes=planes, sunlit=np.ones((len(planes), 4, 91), np.float32), azimuths=np.arange(4) * 90.0,
        subarrays=no_subarrays(planes.crs), links=links, yields=yields, month_hour=np.zeros(shape, np.float32), month_hour_lost=np.zeros(shape, np.float32), typical_days=np.zeros((shape[0], 2, 12, 24), np.float32), hourly=np.zeros((shape[0], 8760), np.float32),
        weather=WeatherSummary("s", "f", "average", 35.6, 139.6, 1367.9, (114.0,) * 12), open_sky_kwh_m2=1367.9,
    )  # fmt: skip
    return Town(ledger, results, profile)


def test_good_facility_is_eligible_and_passes_everything() -> None:
    got = town({}).decide()
    assert set(got.outcomes["outcome"]) == {"pass"}
    assert set(got.outcomes["criterion"]) == set(CRITERION_RULES) - OFF
    assert got.sites.loc[0, ["status", "chosen", "rank", "reason"]].tolist() == ["eligible", True, 1, "chosen_rank"]
    assert got.not_applied == ()


@pytest.mark.parametrize(
    ("key", "given_values", "outcome", "value"),
    [
        ("seismic", {"seismic": "retrofitted"}, "pass", "retrofitted"),
        ("seismic", {"seismic": "not_needed"}, "pass", "not_needed"),
        ("seismic", {"seismic": "insufficient"}, "fail", "insufficient"),
        ("seismic", {"seismic": None}, "unknown", None),
        ("remaining_years", {"remaining_years": 20.0}, "pass", 20.0),
        ("remaining_years", {"remaining_years": 19.0}, "fail", 19.0),
        # Reinforced concrete lasts 60 years in the profile: of 1986 it has 20 left in 2026.
        ("remaining_years", {"remaining_years": np.nan, "built_year": 1986.0}, "pass", 20.0),
        ("remaining_years", {"remaining_years": np.nan, "built_year": 1985.0}, "fail", 19.0),
        ("remaining_years", {"remaining_years": np.nan, "built_year": 1985.0, "structure": "w"}, "fail", -1.0),
        ("remaining_years", {"remaining_years": np.nan, "built_year": np.nan}, "unknown", None),
        # With no structure known, 40 to 60 years: 2010 passes anyway, 1980 fails anyway, 1990 nobody knows.
        ("remaining_years", {"remaining_years": np.nan, "built_year": 2010.0, "structure": None}, "pass", 24.0),
        ("remaining_years", {"remaining_years": np.nan, "built_year": 1980.0, "structure": None}, "fail", 14.0),
        ("remaining_years", {"remaining_years": np.nan, "built_year": 1990.0, "structure": None}, "unknown", None),
        ("closure", {"closure_year": 2046.0}, "pass", 20.0),
        ("closure", {"closure_year": 2045.0}, "fail", 19.0),
        ("closure", {"closure_year": np.nan}, "pass", None),
        ("closure", {"closure_year": np.nan, "closure_known": True}, "pass", None),
        ("closure", {"closure_year": np.nan, "closure_known": False}, "unknown", None),
        ("closure", {"closure_year": 2030.0, "closure_known": False}, "fail", 4.0),
        ("waterproofing", {"waterproofed_year": 2014.0}, "pass", 12.0),
        ("waterproofing", {"waterproofed_year": 2013.0}, "fail", 13.0),
        ("waterproofing", {"waterproofed_year": np.nan, "built_year": 2015.0}, "pass", 11.0),
        ("waterproofing", {"waterproofed_year": np.nan, "built_year": 1990.0}, "unknown", None),
        ("waterproofing", {"waterproofed_year": 1995.0, "roof_type": "gable"}, "pass", "pitched"),
        ("waterproofing", {"waterproofed_year": np.nan, "roof_type": "metal"}, "pass", "pitched"),
        ("waterproofing", {"waterproofed_year": 1995.0, "roof_type": None, "flat": False}, "pass", "pitched"),
        ("waterproofing", {"waterproofed_year": 1995.0, "roof_type": None, "flat": True}, "fail", 31.0),
        ("waterproofing", {"waterproofed_year": 1995.0, "roof_type": "flat", "flat": False}, "fail", 31.0),
        ("usable_area", {"usable_m2": 100.0}, "pass", 100.0),
        ("usable_area", {"usable_m2": 99.0}, "fail", 99.0),
        ("usable_area", {"roof": False}, "unknown", None),
        ("usable_area", {"building": False}, "unknown", None),
        ("irradiation", {"irradiation": 999.0}, "fail", 999.0),
        ("irradiation", {"usable_m2": 0.0}, "pass", 1200.0),  # no usable cell: the whole roof's mean
        ("capacity", {"usable_m2": 80.0}, "fail", 9.0),
        ("min_floor", {"floor_area_m2": 200.0}, "pass", 200.0),
        ("min_floor", {"floor_area_m2": 199.0}, "fail", 199.0),
        ("min_floor", {"floor_area_m2": np.nan}, "unknown", None),
        ("storm_surge", {"storm_surge_depth_m": 2.9}, "pass", 2.9),
        ("storm_surge", {"storm_surge_depth_m": 3.0}, "fail", 3.0),
        ("storm_surge", {"storm_surge_depth_m": np.nan}, "unknown", None),
        ("tsunami", {"tsunami_depth_m": 0.0}, "pass", 0.0),
        ("tsunami", {"tsunami_depth_m": 5.0}, "fail", 5.0),
        ("landslide", {"landslide": "none"}, "pass", "none"),
        ("landslide", {"landslide": "warning"}, "pass", "warning"),
        ("landslide", {"landslide": "special"}, "fail", "special"),
        ("landslide", {"landslide": None}, "unknown", None),
        ("heritage", {"heritage": "none"}, "pass", "none"),
        ("heritage", {"heritage": "agreed"}, "pass", "agreed"),
        ("heritage", {"heritage": "designated"}, "fail", "designated"),
        # What a permit would allow is to be asked, not refused.
        ("heritage", {"heritage": "registered"}, "unknown", "registered"),
        ("heritage", {"heritage": "landscape"}, "unknown", "landscape"),
        ("heritage", {"heritage": None}, "unknown", None),
        ("roofing", {"roofing": "tile"}, "fail", "tile"),
        ("roofing", {"roofing": "asbestos_slate"}, "fail", "asbestos_slate"),
        ("roofing", {"roofing": "metal"}, "pass", "metal"),
        ("roofing", {"roofing": "free_slate"}, "pass", "free_slate"),
        # Slate of 1990 may have asbestos, that of 2007 has none.
        ("roofing", {"roofing": "slate"}, "unknown", "slate"),
        ("roofing", {"roofing": "slate", "built_year": np.nan}, "unknown", "slate"),
        ("roofing", {"roofing": "slate", "built_year": 2007.0}, "pass", "slate"),
        # Nobody says what lies on it: a flat roof has no tiles, a metal one is metal, a gable may be anything.
        ("roofing", {"roofing": None}, "pass", "flat"),
        ("roofing", {"roofing": None, "roof_type": "metal"}, "pass", "metal"),
        ("roofing", {"roofing": None, "roof_type": "gable"}, "unknown", "gable"),
        ("roofing", {"roofing": None, "roof_type": None}, "unknown", None),
    ],
)
def test_criterion(key: str, given_values: dict[str, object], outcome: str, value: object) -> None:
    on = Settings(0.5, "co2", {key: (True, None)})
    assert town(given_values).outcome(key, on)["A"] == (outcome, value)


LOAD = Settings(0.5, "co2", {"roof_load": (True, None)})


def weight(profile: Profile, rack: str) -> float:
    """What the profile's module and a rack weigh [N/m²]."""
    number = profile.number
    return 9.80665 * (
        number("module.weight") / (number("module.width") * number("module.length")) + number(f"load.rack_{rack}")
    )


def test_roof_load_by_hand() -> None:
    """Racks on a flat roof, bolted as the profile has it: 22 kg or so a square metre against the limit of roof, structure and age."""
    profile = load_profile()
    flat, old = (
        min(profile.number("load.limit_flat"), profile.number("load.structure_rc")),
        profile.number("load.old_share"),
    )
    heavy = weight(profile, "bolted" if profile.number("load.fixing") == 1 else "ballasted")
    made = town(
        {"built_year": 1990.0}, {"seismic": "insufficient"}, {"roof_bears_n_m2": heavy - 1.0}, {"roof_bears_n_m2": heavy + 1.0},
        {"roof": False}, {"flat": False, "roof_bears_n_m2": weight(profile, "flush") + 1.0}, {"roof_bears_n_m2": 0.0},
    )  # fmt: skip
    found = made.outcome("roof_load", LOAD)
    assert found["A"] == ("pass" if heavy <= flat else "fail", flat)
    assert found["B"] == ("pass" if heavy <= flat * old else "fail", flat * old)
    assert [found[name][0] for name in "CDEFG"] == ["fail", "pass", "unknown", "pass", "fail"]
    assert found["D"][1] == heavy + 1.0


def test_roof_load_is_that_of_the_papers() -> None:
    """Of modules that are laid out, the criterion says what the sheet of strings and loads says."""
    profile = load_profile()
    people: list[dict[str, object]] = [
        {"structure": structure, "roof_type": roof, "seismic": seismic, "built_year": year, "flat": roof == "flat"}
        for structure in ("rc", "s", "w", None) for roof in ("flat", "metal", "sawtooth", None)
        for seismic, year in (("insufficient", 1970.0), (None, 1981.0), ("new", 1995.0))
    ]  # fmt: skip
    ids = [f"F{k:03d}" for k in range(len(people))]
    ledger = gpd.GeoDataFrame(
        {"facility_id": ids, "name": ids}, geometry=[Point(k, 0) for k in range(len(ids))], crs=6677
    ).join(pd.DataFrame(people))
    links = pd.DataFrame({"facility_id": ids, "building_id": ids, "score": 1.0})
    planes = gpd.GeoDataFrame(
        {"building_id": ids, "area_m2": 500.0, "flat": ledger["flat"], "irradiation_kwh_m2": 1200.0},
        geometry=ledger.geometry.to_numpy(),
        crs=6677,
    )
    yields = pd.DataFrame({"facility_id": ids, "usable_m2": 400.0, "capacity_kw": 40.0, "irradiation_kwh_m2": 1200.0})
    mounting = [("roof", "rack", "back_to_back")[k % 3] for k in range(len(ids))]
    weights = np.where(np.arange(len(ids)) % 2, 400.0, 1500.0)
    rows = gpd.GeoDataFrame(
        {"plane_id": 1, "building_id": ids, "mounting": mounting, "modules": 20, "azimuth": 180.0, "tilt": 10.0, "area_m2": 40.0, "weight_kg": weights},
        geometry=planes.geometry.to_numpy(), crs=6677,
    )  # fmt: skip
    found, silent = assess(ledger, links, yields, planes, profile, LOAD, rows)
    assert not silent or "roof_load" not in silent
    mine = found[found["criterion"] == "roof_load"].set_index("facility_id")["outcome"]
    told = {"pass": 0, "fail": 0, "unknown": 0}
    for k, one in enumerate(ids):
        load = roof_load_of(mounting[k], rows.iloc[[k]], profile, people[k])
        assert mine[one] == load.judgement.outcome
        told[load.judgement.outcome] += 1
    assert all(told.values())


def test_later_criteria_are_not_applied_where_the_ledger_has_no_column() -> None:
    on = Settings(0.5, "co2", dict.fromkeys(LATER_CRITERIA, (True, None)))
    bare = town({}, without=("roof_type", "structure"))
    assert set(bare.decide(on).not_applied) == {*LATER_CRITERIA, *bare.decide().not_applied}
    assert set(town({}).decide(on).not_applied) == set(LATER_CRITERIA) - {"roof_load"}


def test_barred_roofs_are_the_profile_s() -> None:
    text = load_profile().text
    mine = profile_from_text(
        text[: text.index("\n[[barred_roofs]]")]
        + '\n[[barred_roofs]]\nroof = "sawtooth"\nsource_ja = "市"\nsource_en = "city"\nhow_sure = "verify"\n',
        "own",
    )
    on = Settings(0.5, "co2", {"roofing": (True, None)})
    people: tuple[dict[str, object], ...] = (
        {"roofing": "tile"},
        {"roofing": "metal", "roof_type": "sawtooth"},
        {"roof_type": "sawtooth"},
        {},
    )
    assert [one for one, _ in town(*people, profile=mine).outcome("roofing", on).values()] == [
        "pass",
        "fail",
        "fail",
        "pass",
    ]
    # A profile of before there was such a table bars what the bundled one bars.
    old = profile_from_text(text[: text.index("\n[[barred_roofs]]")], "old")
    assert town({"roofing": "tile"}, profile=old).outcome("roofing", on)["A"] == ("fail", "tile")


def test_profile_without_later_criteria_takes_the_bundled_ones() -> None:
    text = load_profile().text
    parts = re.split(r"(?=^\[\[criteria\]\]$)", text, flags=re.MULTILINE)
    kept = [part for part in parts if not any(f'key = "{key}"' in part.split("\n\n")[0] for key in LATER_CRITERIA)]
    tail = parts[-1][parts[-1].index("\n\n") :]
    old = profile_from_text("".join(kept) + tail, "old")
    assert {one.key for one in old.criteria} == set(CRITERION_RULES)
    assert not problems(tomllib.loads(old.text), "old")
    assert old.criterion("heritage") == load_profile().criterion("heritage")
    assert [one.key for one in old.criteria][-6:] == list(LATER_CRITERIA)


def test_flood_is_off_unless_switched_on() -> None:
    wet = town({"flood_depth_m": 3.0}, {"flood_depth_m": 2.9}, {"flood_depth_m": np.nan})
    assert set(wet.status().values()) == {"eligible"}
    on = Settings(0.5, "co2", {"flood": (True, None)})
    assert [outcome for outcome, _ in wet.outcome("flood", on).values()] == ["fail", "pass", "unknown"]
    deeper = Settings(0.5, "co2", {"flood": (True, 5.0)})
    assert wet.status(deeper)["A"] == "eligible"


def test_unknown_is_never_ineligible_and_fail_beats_unknown() -> None:
    got = town({"seismic": None}, {"seismic": None, "floor_area_m2": 50.0}, {"seismic": "insufficient"}, {})
    assert got.status() == {"A": "unknown", "B": "ineligible", "C": "ineligible", "D": "eligible"}


def test_unknown_may_pass_where_the_profile_says_so() -> None:
    lenient = profile_from_text(load_profile().text.replace('unknown = "check"', 'unknown = "pass"', 1), "test")
    assert lenient.criterion("seismic").unknown == "pass"
    got = town({"seismic": None}, profile=lenient)
    assert got.status() == {"A": "eligible"}
    assert got.outcome("seismic")["A"][0] == "unknown"


def test_join_and_roof_problems_are_to_be_checked_with_their_own_reason() -> None:
    got = town({"building": False}, {"roof": False}, {"building": False, "seismic": "insufficient"}, {}).decide().sites
    assert got["status"].tolist() == ["unknown", "unknown", "ineligible", "eligible"]
    assert got["reason"].tolist() == ["no_building", "no_roof", "failed", "chosen_rank"]


def test_roof_that_carries_nothing_is_never_eligible() -> None:
    off = Settings(0.5, "co2", dict.fromkeys(("usable_area", "capacity", "irradiation"), (False, None)))
    site = town({"usable_m2": 0.0}).decide(off).sites.iloc[0]
    assert (site["status"], site["reason"]) == ("ineligible", "failed")
    assert site["reason_values"]["criteria"] == ["usable_area"]


def test_missing_column_is_not_applied_and_said() -> None:
    got = town({}, without=("seismic", "waterproofed_year", "floor_area_m2", "closure_year"))
    decision = got.decide()
    assert decision.not_applied == ("seismic", "closure", "waterproofing", "min_floor")
    assert decision.sites["status"].tolist() == ["eligible"]
    assert not set(decision.not_applied) & set(decision.outcomes["criterion"])
    codes = [finding.code for finding in decision_findings(decision, default_settings(got.profile))]
    assert codes == [f"decision.not_applied.{key}" for key in decision.not_applied]
    assert set(codes) <= set(catalogue())
    neither = town({}, without=("remaining_years", "built_year"))
    assert "remaining_years" in neither.decide().not_applied
    table = criteria_table(neither.ledger, neither.results, neither.profile, default_settings(neither.profile))
    row = table.set_index("criterion").loc["remaining_years"]
    assert (row["available"], row["applied"], row["alone"]) == (False, False, 0)


def test_assess_is_what_decide_uses() -> None:
    got = town({}, {"seismic": None})
    results, settings = got.results, default_settings(got.profile)
    outcomes, not_applied = assess(got.ledger, results.links, results.yields, results.planes, got.profile, settings)
    decision = got.decide()
    pd.testing.assert_frame_equal(outcomes, decision.outcomes)
    assert not_applied == decision.not_applied


def test_every_reason_is_kept_with_value_and_threshold() -> None:
    decision = town({"remaining_years": 5.0, "floor_area_m2": 20.0, "seismic": None}).decide()
    failed = decision.outcomes[decision.outcomes["outcome"] == "fail"].set_index("criterion")
    assert failed["value"].to_dict() == {"remaining_years": 5.0, "min_floor": 20.0}
    assert failed["threshold"].to_dict() == {"remaining_years": 20.0, "min_floor": 200.0}
    values = decision.sites["reason_values"][0]
    first = {"criterion": "remaining_years", "value": 5.0, "threshold": 20.0}
    assert values == {"criteria": ["remaining_years", "min_floor"], **first}
    json.dumps(values)
    said = reason_sentence("ja", "failed", values)
    assert "残存使用年数" in said
    assert "延床面積" in said
    assert "5年" in said


def test_half_is_of_the_eligible_and_follows_the_objective() -> None:
    best = {"seismic": None, "energy": 99.0}
    got = town({"energy": 10.0}, {"energy": 30.0}, {"energy": 20.0}, best, {"energy": 25.0})
    sites = got.decide().sites.set_index("facility_id")
    assert sites.index[sites["chosen"]].tolist() == ["B", "E"]
    assert sites["rank"].dropna().to_dict() == {"A": 4, "B": 1, "C": 3, "E": 2}
    assert sites["reason"].tolist() == ["outside_half", "chosen_rank", "outside_half", "unknown", "chosen_rank"]
    assert sites["objective_value"]["B"] == pytest.approx(30 * 0.43 / 1000)
    assert got.decide(Settings(0.5, "energy")).sites["objective_value"][1] == 30.0


def test_pins_and_vetoes_have_reasons_and_findings() -> None:
    got = town({}, {}, {}, {}, {"seismic": "insufficient"})
    settings = Settings(0.5, "co2", pins=frozenset("DE"), vetoes=frozenset({"A", "Z"}))
    decision = got.decide(settings)
    assert decision.sites["reason"].tolist() == ["vetoed", "chosen_rank", "outside_half", "chosen_pin", "failed"]
    assert decision.sites["chosen"].tolist() == [False, True, False, True, False]
    found = {(finding.code, finding.item) for finding in decision_findings(decision, settings)}
    assert found == {("decision.pin_not_eligible", "E"), ("decision.no_such_facility", "Z")}
    many = Settings(0.25, "co2", pins=frozenset("ABC"))
    assert got.decide(many).sites["chosen"].sum() == 3
    codes = [finding.code for finding in decision_findings(got.decide(many), many)]
    assert codes == ["decision.more_pins_than_number"]
    few = Settings(1.0, "co2", pins=frozenset("A"), vetoes=frozenset("AB"))
    codes = [finding.code for finding in decision_findings(got.decide(few), few)]
    assert codes == ["decision.vetoes_leave_too_few", "decision.pinned_and_vetoed"]


def test_effect_of_a_criterion_is_what_switching_it_changes() -> None:
    """Against the plain way: decide twice, once with the criterion the other way."""
    rng = np.random.default_rng(11)
    rows = [
        {
            "seismic": rng.choice(["new", "new", "new", "insufficient", ""]) or None,
            "remaining_years": rng.integers(17, 40), "waterproofed_year": rng.integers(2012, 2024),
            "floor_area_m2": rng.integers(150, 600), "usable_m2": rng.integers(30, 300), "flood_depth_m": rng.uniform(0, 5),
            "closure_year": rng.choice([np.nan, np.nan, np.nan, 2030.0]), "building": rng.random() < 0.9,
            "roof": rng.random() < 0.9, "irradiation": rng.uniform(900, 1400),
        }
        for _ in range(150)
    ]  # fmt: skip
    for row in rows:
        for key, value in row.items():
            row[key] = value.item() if isinstance(value, np.generic) else value
    got = town(*rows)
    settings = Settings(0.5, "co2", {"min_floor": (False, None), "usable_area": (True, 50.0)})
    effects = effect_of_criteria(got.ledger, got.results, got.profile, settings)
    assert list(effects) == [criterion.key for criterion in got.profile.criteria]

    def eligible(changed: Settings) -> int:
        return list(got.status(changed).values()).count("eligible")

    base = eligible(settings)
    for key, effect in effects.items():
        applied, threshold = settings.criteria.get(key, (got.profile.criterion(key).applied, None))
        other = dataclasses.replace(settings, criteria={**settings.criteria, key: (not applied, threshold)})
        assert effect == -abs(eligible(other) - base), key
    assert sum(effect < 0 for effect in effects.values()) >= 6


KINDS_OF_ROW: list[dict[str, object]] = [{}, {"seismic": None}, {"floor_area_m2": 10.0}, {"building": False}]


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(KINDS_OF_ROW), max_size=9), st.integers(0, 100))
def test_counts_always_add_up(rows: list[dict[str, object]], percent: int) -> None:
    got = town(*rows)
    sites = got.decide(Settings(percent / 100, "co2")).sites
    eligible = sum(row == {} for row in rows)
    assert (sites["status"] == "eligible").sum() == eligible
    assert sites["chosen"].sum() == -(-percent * eligible // 100)
    assert not sites.loc[sites["status"] != "eligible", "chosen"].any()
    assert len(sites) == len(rows)


def test_duplicated_row_order_and_index_of_the_ledger_do_not_matter() -> None:
    got = town({"energy": 1.0}, {"energy": 3.0}, {"energy": 2.0})
    turned = dataclasses.replace(got, ledger=got.ledger.iloc[::-1].set_index(pd.Index([7, 7, 9])))
    first = got.decide().sites.set_index("facility_id")
    second = turned.decide().sites.set_index("facility_id")
    assert second.index.tolist() == ["C", "B", "A"]
    assert second["chosen"].to_dict() == first["chosen"].to_dict()


def test_figures_are_the_totals_of_the_chosen(tmp_path: Path) -> None:
    plan = example_plan(tmp_path, 60)
    settings = Settings(0.5, "co2", {"usable_area": (False, None), "capacity": (True, 1.0)})
    decision = decide(plan.facilities, plan.results, plan.profile, settings)
    plan = dataclasses.replace(plan, settings=settings, decision=decision)
    got = figures(plan)
    assert json.loads(json.dumps(got)) == got
    chosen = decision.sites.loc[decision.sites["chosen"], "facility_id"]
    mine = plan.results.yields.set_index("facility_id").loc[chosen]
    status = decision.sites["status"].tolist()
    assert [got[name] for name in ("eligible", "unknown")] == [status.count("eligible"), status.count("unknown")]
    assert got["facilities"] == 60
    assert got["chosen"] == len(chosen) == -(-status.count("eligible") // 2) > 3
    energy = mine["energy_kwh"].sum()
    assert got["energy_kwh"] == pytest.approx(energy, abs=0.001)
    assert got["specific_yield_kwh_kw"] == pytest.approx(energy / mine["capacity_kw"].sum(), abs=0.001)
    lost = (mine["energy_kwh"] / (1 - mine["shading_loss"])).sum()
    assert got["shading_loss"] == pytest.approx(1 - energy / lost, abs=1e-5)
    none = decide(plan.facilities, plan.results, plan.profile, Settings(0.0, "co2"))
    empty = figures(dataclasses.replace(plan, decision=none))
    assert (empty["chosen"], empty["energy_kwh"], empty["irradiation_kwh_m2"], empty["shading_loss"]) == (
        0,
        0.0,
        None,
        None,
    )


def test_thousand_facilities_are_decided_while_a_slider_moves(tmp_path: Path) -> None:
    """No work by facility: a thousand take little longer than a hundred do, which are 30 ms."""
    spent = []
    for count in (100, 1000):
        plan = example_plan(tmp_path / str(count), count)
        settings = default_settings(plan.profile)
        times = []
        for share in (0.3, 0.5, 0.7, 0.9, 1.0):
            begin = time.process_time()
            decide(plan.facilities, plan.results, plan.profile, dataclasses.replace(settings, share=share))
            times.append(time.process_time() - begin)
        spent.append(min(times))
    assert spent[1] < 4.0 * spent[0]


def test_words_stand_in_both_languages_for_all_codes() -> None:
    words = catalogue()
    codes = [f"criterion.{key}" for key in CRITERION_RULES] + [f"fail.{key}" for key in CRITERION_RULES]
    codes += [f"criterion_rule.{key}" for key in CRITERION_RULES]
    reasons = (
        "chosen_rank",
        "chosen_pin",
        "outside_half",
        "vetoed",
        "unknown",
        "failed",
        "no_building",
        "no_roof",
        "shared",
    )
    codes += [f"reason.{code}" for code in reasons]
    codes += [f"status.{code}" for code in ("eligible", "unknown", "ineligible")]
    codes += [f"outcome.{code}" for code in ("pass", "fail", "unknown")]
    for code in codes:
        assert set(words[code]) == {"ja", "en"}, code
    for language in ("ja", "en"):
        values = {"rank": 3, "eligible": 9, "number": 5, "criteria": ["flood"]}
        said = [reason_sentence(language, code, values) for code in reasons]
        assert len(set(said)) == len(reasons)
        assert not any("{" in text or "–" in text for text in said[:4])


def test_a_roof_that_bears_nothing_is_said_without_a_threshold() -> None:
    from kawasolar.reasons import fail_sentence

    for language in LANGUAGES:
        told = fail_sentence(language, "usable_area", 0.0, None)
        assert told == say(language, "fail.usable_area.none")
        assert "0" not in told
        assert "100" in fail_sentence(language, "usable_area", 0.0, 100.0)

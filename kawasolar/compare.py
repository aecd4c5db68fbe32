"""Scenarios side by side: figures, what was turned, and the sites that differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from kawasolar.answers import options_asked
from kawasolar.compare_figures import BY_CODE, OF_ANSWERS, figures_frame
from kawasolar.document.views import scenarios_of
from kawasolar.errors import PlanError
from kawasolar.plan import ANSWERS
from kawasolar.project.layers import site_class
from kawasolar.reasons import CHOICE, choice_text, criterion_name, reason_sentence, unit_text, value_text
from kawasolar.stages.state import plan_fingerprint, states
from kawasolar.words import catalogue, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kawasolar.plan import AnswerKind, InputFile, Plan, Project
    from kawasolar.words import Language

SettingKind = Literal["share", "objective", "criterion", "value", "pin", "veto", "asked"]


# Of each facility and scenario; the columns of ``sites`` are ``COLUMN.KEY``.
SITE_VALUES = ("capacity_kw", "energy_kwh")


@dataclass(frozen=True)
class Side:
    """One of the compared scenarios.

    Attributes
    ----------
    stale : stages whose results are not what would be computed now; the figures are those of before then
    fingerprint : of its plan (:func:`kawasolar.stages.plan_fingerprint`)
    only : facilities that are chosen in this scenario alone
    """

    key: str
    name: str
    note: str
    stale: tuple[str, ...]
    fingerprint: str
    only: int = 0


@dataclass(frozen=True)
class Comparison:
    """Two scenarios or more; the first is the one to which the differences are told.

    Attributes
    ----------
    name, synthetic : of the project
    sides : the scenarios in the order asked for
    figures : DataFrame
        Index ``figure`` (codes of :data:`kawasolar.compare_figures.FIGURES`, and of those of answers that some scenario keeps), columns ``unit``, a column for each scenario's key, and ``difference.KEY`` for each
        but the first; losses and ratios are 0…1. NaN where a scenario has no such figure.
    settings : DataFrame
        What differs: ``kind``, ``name`` (the key of the criterion or value, the facility's id, else empty) and a column for each
        scenario's key: a share, the code of an objective, ``(applied, threshold)``, a number, whether it is pinned or vetoed, or pairs of an option
        by which an answer is asked for and its value as JSON, None where it is not.
    sites : DataFrame
        Facilities whose class is not the same in all: ``facility_id``, ``name``, ``ward``; for each scenario its class in a column of
        its key, and ``reason.KEY``, ``reason_values.KEY``, ``rank.KEY``, ``capacity_kw.KEY``, ``energy_kwh.KEY``. In the ledger's order.
    classes : DataFrame
        Index ``facility_id``, a column for each scenario's key: ``chosen eligible unknown ineligible``, None where it does not know the
        facility. All facilities.
    everywhere, nowhere, some : facilities chosen in all, in none, in several but not in all of the scenarios
    """

    name: str
    synthetic: bool
    sides: tuple[Side, ...]
    figures: pd.DataFrame
    settings: pd.DataFrame
    sites: pd.DataFrame
    classes: pd.DataFrame
    everywhere: int
    nowhere: int
    some: int
    # Words for the rows of ``settings``: names of values by language, units, and names of facilities.
    titles: Mapping[str, tuple[str, str, str]] = field(default_factory=dict, repr=False)
    facility_names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the scenarios."""
        return tuple(side.key for side in self.sides)


def find_scenario(project: Project, word: str) -> str:
    """Key of the scenario of that name, else of that key.

    Raises
    ------
    PlanError
        ``compare.no_such_scenario``, ``compare.ambiguous_scenario``
    """
    known = scenarios_of(project.entries)
    named = [one.key for one in known if one.name == word] or [one.key for one in known if one.name == word.strip()]
    if len(named) > 1:
        raise PlanError("compare.ambiguous_scenario", found=word, expected=", ".join(named))
    if named:
        return named[0]
    if word in project.plans:
        return word
    raise PlanError("compare.no_such_scenario", found=word, expected=", ".join(one.name for one in known))


def compare(project: Project, keys: Sequence[str], inputs: tuple[InputFile, ...] | None = None) -> Comparison:
    """Put scenarios side by side, as they were last computed.

    Parameters
    ----------
    keys : at least two; one that stands there twice counts once
    inputs : the files as they are now, for what is stale (:func:`kawasolar.stages.observed`)

    Raises
    ------
    PlanError
        ``compare.no_such_scenario``, ``compare.too_few``
    """
    wanted = list(dict.fromkeys(keys))
    names = {one.key: one for one in scenarios_of(project.entries)}
    for key in wanted:
        if key not in project.plans or key not in names:
            raise PlanError(
                "compare.no_such_scenario", found=key, expected=", ".join(one.name for one in names.values())
            )
    if len(wanted) < 2:
        raise PlanError("compare.too_few", found=len(wanted))
    plans = {key: project.plans[key] for key in wanted}
    classes = _classes(plans)
    chosen = (classes == "chosen").to_numpy(dtype=bool)
    times = chosen.sum(axis=1)
    alone = (chosen & (times == 1)[:, None]).sum(axis=0)
    sides = tuple(
        Side(
            key, names[key].name, names[key].note,
            tuple(state.name for state in states(plan, project.profile, inputs) if not state.is_fresh), plan_fingerprint(plan), int(only),
        )
        for (key, plan), only in zip(plans.items(), alone, strict=True)
    )  # fmt: skip
    first = plans[wanted[0]]
    return Comparison(
        name=project.name, synthetic=first.synthetic, sides=sides, figures=figures_frame(plans), settings=_settings(plans),
        sites=_sites(plans, classes), classes=classes, everywhere=int((times == len(wanted)).sum()), nowhere=int((times == 0).sum()),
        some=int(((times > 1) & (times < len(wanted))).sum()),
        titles={key: (value.name_ja, value.name_en, value.unit) for key, value in first.profile.values.items()},
        facility_names=_of_ledger(plans, "name"),
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- the frames


def _settings(plans: Mapping[str, Plan]) -> pd.DataFrame:
    """Rows of what is not the same in all scenarios, in the order of the window's steps."""
    rows: list[dict[str, object]] = []

    def add(kind: SettingKind, name: str, ask: Callable[[Plan], object]) -> None:
        values = {key: ask(plan) for key, plan in plans.items()}
        if len(set(values.values())) > 1:
            rows.append({"kind": kind, "name": name, **values})

    add("share", "", lambda plan: plan.settings.share)
    add("objective", "", lambda plan: plan.settings.objective)
    for name in dict.fromkeys(criterion.key for plan in plans.values() for criterion in plan.profile.criteria):
        add("criterion", name, lambda plan, name=name: _criterion(plan, name))  # type: ignore[misc]
    for name in dict.fromkeys(key for plan in plans.values() for key in plan.profile.values):
        # What it falls back to where nobody set a share is told by the share itself.
        if name != "plan.share":
            add("value", name, lambda plan, name=name: plan.profile.number(name))  # type: ignore[misc]
    for name in sorted(_all(plan.settings.pins for plan in plans.values())):
        add("pin", name, lambda plan, name=name: name in plan.settings.pins)  # type: ignore[misc]
    for name in sorted(_all(plan.settings.vetoes for plan in plans.values())):
        add("veto", name, lambda plan, name=name: name in plan.settings.vetoes)  # type: ignore[misc]
    for kind in ANSWERS:
        add("asked", kind, lambda plan, kind=kind: _asked(plan, kind))  # type: ignore[misc]
    return pd.DataFrame(rows, columns=["kind", "name", *plans], dtype=object)


def _all(sets: Iterable[frozenset[str]]) -> set[str]:
    return set().union(*sets)


def _criterion(plan: Plan, key: str) -> tuple[bool, float | None]:
    """Whether a criterion is applied, and its threshold in force; one that is off counts by being off alone."""
    criterion = plan.profile.criterion(key)
    applied, threshold = plan.settings.criteria.get(key, (criterion.applied, None))
    wanted = criterion.threshold if threshold is None else threshold
    return (applied, None if wanted is None or not applied else float(wanted))


def _asked(plan: Plan, kind: AnswerKind) -> tuple[tuple[str, str], ...] | None:
    """Options by which a scenario asks for an answer, as ``kawasolar edit ask`` takes them; None where it does not ask."""
    options = options_asked(plan.entries, plan.scenario, kind)
    if options is None:
        return None
    return tuple((key, json.dumps(value, ensure_ascii=False, sort_keys=True)) for key, value in sorted(options.items()))


def _classes(plans: Mapping[str, Plan]) -> pd.DataFrame:
    found = {key: site_class(plan) for key, plan in plans.items()}
    found = {key: series[~series.index.duplicated()] for key, series in found.items()}
    ids = list(dict.fromkeys(name for series in found.values() for name in series.index))
    index = pd.Index(ids, name="facility_id", dtype=object)
    return pd.DataFrame({key: _objects(series.reindex(index)) for key, series in found.items()}, index=index)


def _objects(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of whatever it holds, None where nothing is."""
    values = np.array(column.to_numpy(dtype=object))
    values[column.isna().to_numpy(dtype=bool)] = None
    return pd.Series(values, column.index, dtype=object)


def _sites(plans: Mapping[str, Plan], classes: pd.DataFrame) -> pd.DataFrame:
    values = classes.to_numpy(dtype=object)
    ids = classes.index[(values != values[:, :1]).any(axis=1)]
    columns: dict[str, Any] = {"facility_id": ids.to_numpy(dtype=object)}
    for name in ("name", "ward"):
        known = _of_ledger(plans, name)
        columns[name] = np.array([known.get(key, "") for key in ids], dtype=object)
    for key in plans:
        columns[key] = classes.loc[ids, key]
    for key, plan in plans.items():
        sites = plan.half.sites.drop_duplicates("facility_id").set_index("facility_id").reindex(ids)
        for name in ("reason", "reason_values"):
            columns[f"{name}.{key}"] = _objects(sites[name])
        columns[f"rank.{key}"] = pd.to_numeric(sites["rank"], errors="coerce").to_numpy(
            dtype=np.float64, na_value=np.nan
        )
        yields = plan.results.yields.drop_duplicates("facility_id").set_index("facility_id").reindex(ids)
        for name in SITE_VALUES:
            columns[f"{name}.{key}"] = yields[name].to_numpy(dtype=np.float64)
    return pd.DataFrame(columns, index=ids).reset_index(drop=True)


def _of_ledger(plans: Mapping[str, Plan], column: str) -> dict[str, str]:
    """A text of the ledger by facility; of the first scenario that has one."""
    found: dict[str, str] = {}
    for plan in plans.values():
        if column in plan.facilities.columns:
            ledger = plan.facilities
            texts = zip(ledger["facility_id"], ledger[column], ledger[column].notna(), strict=True)
            found = {**{str(key): str(text) for key, text, known in texts if known}, **found}
    return found


# ---------------------------------------------------------------------------------------------- in words


def figure_title(language: Language, code: str) -> str:
    """What a figure is called, without its unit."""
    return say(language, f"compare.figure.{code}")


def answer_note(language: Language, comparison: Comparison) -> str:
    """What the figures of answers are of; empty where none is compared."""
    return say(language, "compare.note.answers") if OF_ANSWERS & set(comparison.figures.index) else ""


def figure_unit(language: Language, unit: str) -> str:
    """A unit of the comparison in words; empty for a count of facilities."""
    code = f"compare.unit.{unit}"
    return say(language, code) if code in catalogue() else unit_text(language, unit)


def figure_text(language: Language, code: str, value: float, *, difference: bool = False) -> str:
    """A figure with its unit, percentages as such; a dash where there is none. A difference has its sign."""
    figure = BY_CODE[code]
    if value != value:  # noqa: PLR0124 - NaN
        return say(language, "compare.nothing")
    shown = value * 100 if figure.unit == "%" else value
    sign = "+" if difference else ""
    number = f"{shown:{sign},.{figure.digits}f}"
    # Nothing is neither more nor less.
    number = number[1:] if difference and not any(digit in number for digit in "123456789") else number
    unit = say(language, "compare.points") if difference and figure.unit == "%" else figure_unit(language, figure.unit)
    return f"{number} {unit}".strip()


def setting_title(language: Language, kind: str, name: str, comparison: Comparison) -> str:
    """What was turned."""
    if kind == "criterion":
        return say(language, "compare.setting.criterion", name=criterion_name(language, name))
    if kind == "value":
        japanese, english, _ = comparison.titles.get(name, (name, name, ""))
        return japanese if language == "ja" else english
    if kind == "asked":
        return say(language, f"stages.{name}")
    if kind in ("pin", "veto"):
        return say(language, f"compare.setting.{kind}", id=name, name=comparison.facility_names.get(name, ""))
    return say(language, f"compare.setting.{kind}")


def setting_text(language: Language, kind: str, name: str, value: Any, comparison: Comparison) -> str:  # noqa: ANN401 - by kind
    """What it is in a scenario."""
    if kind == "share":
        return f"{value:.1%}"
    if kind == "objective":
        return say(language, f"objective.{value}")
    if kind == "asked":
        return _asked_text(language, value)
    if kind == "criterion":
        applied, threshold = value
        if not applied:
            return say(language, "compare.criterion.off")
        asked = "" if threshold is None else value_text(language, "", threshold)
        return say(language, f"criterion_rule.{name}", threshold=asked)
    if kind == "value":
        unit = comparison.titles.get(name, ("", "", ""))[2]
        if unit == "calendar year":
            return f"{value:.0f}"
        if unit.startswith(CHOICE):
            return choice_text(language, unit, value)
        shown = f"{value:,.10g}"
        return shown if unit in ("", "-") else f"{shown} {unit_text(language, unit)}"
    return say(language, f"compare.{kind}.{'yes' if value else 'no'}")


def _asked_text(language: Language, options: tuple[tuple[str, str], ...] | None) -> str:
    if not options:
        return say(language, f"compare.asked.{'no' if options is None else 'usual'}")
    return say(language, "compare.asked.so", options=options_text(language, options))


def options_text(language: Language, options: tuple[tuple[str, str], ...]) -> str:
    """Options by which an answer is asked for, as ``kawasolar edit ask`` takes them."""
    return say(language, "list.separator").join(f"{key}={value}" for key, value in options)


def class_text(language: Language, value: object) -> str:
    """What became of a facility; a dash where the scenario does not know it."""
    return say(language, f"compare.class.{value}") if isinstance(value, str) else say(language, "compare.nothing")


def lines(comparison: Comparison, language: Language) -> list[str]:
    """The comparison for a terminal."""

    def told(code: str, **values: object) -> str:
        return say(language, f"compare.line.{code}", **values)

    out = [told("head", name=comparison.name)]
    for side in comparison.sides:
        stale = say(language, "list.separator").join(say(language, f"stages.{name}") for name in side.stale)
        out.append("  " + told("side", name=side.name, fingerprint=side.fingerprint))
        out += ["    " + told("stale", stages=stale)] if stale else []
    out += ["", told("figures")]
    out += ["  " + line for line in _figure_lines(comparison, language)]
    out += [f"  {about}"] if (about := answer_note(language, comparison)) else []
    out += ["", told("settings" if len(comparison.settings) else "no_settings")]
    for row in comparison.settings.to_dict("records"):
        shown = " → ".join(
            setting_text(language, row["kind"], row["name"], row[key], comparison) for key in comparison.keys
        )
        out.append(
            "  " + told("entry", name=setting_title(language, row["kind"], row["name"], comparison), values=shown)
        )
    out += ["", told("counts", everywhere=comparison.everywhere, nowhere=comparison.nowhere)]
    if len(comparison.sides) > 2:
        out.append("  " + told("some", count=comparison.some))
    out += ["  " + told("only", name=side.name, count=side.only) for side in comparison.sides]
    out += ["", told("sites" if len(comparison.sites) else "no_sites", count=len(comparison.sites))]
    for row in comparison.sites.to_dict("records"):
        shown = " → ".join(class_text(language, row[key]) for key in comparison.keys)
        out.append("  " + told("entry", name=f"{row['facility_id']} {row['name']}".strip(), values=shown))
        out += ["    " + line for line in _reason_lines(comparison, row, language)]
    return out


def _reason_lines(comparison: Comparison, row: Mapping[Any, Any], language: Language) -> list[str]:
    """Why, in each scenario; scenarios with the same reason in one line."""
    by_reason: dict[str, list[str]] = {}
    for side in comparison.sides:
        sentence = reason_sentence(language, row[f"reason.{side.key}"], row[f"reason_values.{side.key}"])
        by_reason.setdefault(sentence or say(language, "compare.nothing"), []).append(side.name)
    separator = say(language, "list.separator")
    return [
        say(language, "compare.line.entry", name=separator.join(names), values=text)
        for text, names in by_reason.items()
    ]


def _figure_lines(comparison: Comparison, language: Language) -> list[str]:
    first, *others = comparison.keys
    found = []
    for code, row in comparison.figures.iterrows():
        shown = [figure_text(language, str(code), row[first])]
        for key in others:
            more = figure_text(language, str(code), row[f"difference.{key}"], difference=True)
            shown.append(
                say(language, "compare.line.differs", value=figure_text(language, str(code), row[key]), difference=more)
            )
        found.append(
            say(language, "compare.line.entry", name=figure_title(language, str(code)), values=" → ".join(shown))
        )
    return found

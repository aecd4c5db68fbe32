"""The parts of a profile as the window lists them: groups, and in each the entries with their figures and sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kawasolar.profiles.draft import entry_of
from kawasolar.profiles.tables import PPA_RULES, SECTIONS
from kawasolar.profiles.words import entry_title, entry_value, value_text
from kawasolar.value_rules import CRITERION_RULES, VALUE_RULES
from ui.assumptions.values import ORDER, group_of
from ui.format import folded

if TYPE_CHECKING:
    from kawasolar.profiles.draft import Document, Draft
    from ui.look import Look

BASIC = "basic"
# Parts that nothing in a plan is computed from yet; the form says so.
UNUSED = ("utility", "lamp_bans")
# Groups in the order of the list: the city, its tables, the criteria, and the values as the panel of the assumptions groups them.
_TABLES = (
    "wards",
    "stations",
    "utility",
    "emission_factors",
    "tariffs",
    "tariff_times",
    "energy_charges",
    "levies",
    "subsidies",
    "ppa",
    "capex",
    "remedies",
)
GROUPS = (
    BASIC, *_TABLES, "criteria", "barred_roofs", "lamp_bans", "targets", *(f"values.{name}" for name in ORDER if name not in ("plan", "other")),
)  # fmt: skip
# Parts whose rows come and go; the others have the rows that they have.
LISTS = tuple(name for name, section in SECTIONS.items() if not section.single and name != "ppa")


@dataclass(frozen=True)
class Entry:
    """One line of the table.

    Attributes
    ----------
    section, at : where it stands (:func:`kawasolar.profiles.draft.entry_of`)
    sure : code of how sure it is; empty where nothing is to be sure of
    wrong : something of it cannot be used
    absent : the profile does not have it yet
    words : what the search looks through
    """

    section: str
    at: str
    title: str
    value: str
    range: str
    sure: str
    source: str
    wrong: bool
    absent: bool
    words: str

    @property
    def place(self) -> tuple[str, str]:
        return self.section, self.at

    @property
    def doubtful(self) -> bool:
        """Still to be verified, or not known at all."""
        return self.sure == "verify" or self.absent


def group_name(look: Look, group: str) -> str:
    """What a group is called."""
    if group == BASIC:
        return look.say("ui.profile.basic")
    section, _, name = group.partition(".")
    return look.say(f"ui.assumptions.group.{name}" if name else f"profile.section.{section}")


def section_of(group: str) -> str:
    """The table that a group shows; empty where it shows entries of several parts."""
    return group if group in SECTIONS else ""


def group_holding(section: str, at: str) -> str:
    """The group in which an entry stands."""
    if section == "values":
        name = group_of(at)
        return BASIC if name == "plan" else f"values.{name}"
    return section if section in SECTIONS or section == "criteria" else BASIC


def places_of(document: Document, group: str) -> list[tuple[str, str]]:
    """Where the entries of a group stand."""
    if group == BASIC:
        plan = [("values", key) for key in VALUE_RULES if group_of(key) == "plan"]
        return [("municipality", ""), ("plan", ""), *plan]
    if group == "criteria":
        return [("criteria", key) for key in CRITERION_RULES]
    if group == "ppa":
        return [("ppa", key) for key in PPA_RULES]
    if group in SECTIONS:
        rows = document.get(group, [])
        return [(group, "")] if SECTIONS[group].single else [(group, str(k + 1)) for k in range(len(rows))]
    name = group.partition(".")[2]
    return [("values", key) for key in VALUE_RULES if group_of(key) == name]


def entries_of(look: Look, draft: Draft, group: str) -> list[Entry]:
    """The entries of a group as they stand."""
    wrong = {(problem.section, problem.at) for problem in draft.problems}
    found = []
    for section, at in places_of(draft.document, group):
        entry = entry_of(draft.document, section, at)
        found.append(_entry(look, section, at, entry, (section, at) in wrong))
    return found


def _entry(look: Look, section: str, at: str, entry: dict[str, Any] | None, wrong: bool) -> Entry:
    language = look.language
    known = entry or {"key": at}
    title = entry_title(language, section, known) or look.say("ui.profile.untitled")
    unit = str(known.get("unit", ""))
    ends = [
        value_text(language, "year" if unit == "calendar year" else "value", known.get(end)) for end in ("low", "high")
    ]
    is_choice = unit.startswith("choice.")
    shown = "" if is_choice or not all(ends) else look.say("ui.profile.range", low=ends[0], high=ends[1])
    source = str(known.get(f"source_{language}", ""))
    parts = (title, at, unit, source, *(str(part) for part in known.values() if isinstance(part, str)))
    return Entry(
        section, at, title, entry_value(language, section, known), shown, str(known.get("how_sure", "")), source, wrong,
        entry is None, folded(" ".join(parts)),
    )  # fmt: skip

"""The rules of a programme, all of them optional; and how each is called where it binds, conflicts or gives way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.programme.sites import Worth

Renewal = Literal["free", "after", "in"]
RENEWALS: tuple[Renewal, ...] = ("free", "after", "in")
# Rules with a number, and those that say of one site whether and when.
NUMBERED = (
    "share", "most", "budget", "budget_total", "subsidy", "subsidy_total", "sites", "kw", "ward", "shelters",
)  # fmt: skip
OF_SITE = ("pin", "veto", "renewal", "window")
KINDS = (*NUMBERED, *OF_SITE)
EVERY_WARD = "*"


class Rule(NamedTuple):
    """One rule: its kind, with the fiscal year, ward or site that it is for. 0 and empty where it is for all."""

    kind: str
    year: int = 0
    item: str = ""


def is_of_site(rule: Rule) -> bool:
    """Whether a rule says something of one site."""
    return rule.kind in OF_SITE


@dataclass(frozen=True)
class Rules:
    """What a programme must keep to.

    Attributes
    ----------
    objective : what is as large as possible
    share : at least this share of the denominator stands at the end of the last year; ``exactly`` = no more either
    denominator : the count that the share is of, where it was frozen; else the number of sites
    budget_yen, subsidy_yen, sites_per_year, kw_per_year : at most, by fiscal year; a year that is not named is free
    budget_total_yen, subsidy_total_yen : at most, over all years
    ward_sites : at least so many in a ward
    ward_share : at least this share of a ward's sites, by ward; ``*`` is for each that is not named
    shelter_share, shelter_by : at least this share of the shelters by the end of that year (the last where None)
    shelters_first : among all programmes those count first in which shelters stand longest (sites × years); the objective decides among these
    renewal : ``after`` a roof that is to be renewed carries nothing before that year; ``in`` only in that year itself, where that lies
        in the programme
    """

    objective: Worth = "co2"
    share: float | None = None
    exactly: bool = False
    denominator: int | None = None
    budget_yen: Mapping[int, float] = field(default_factory=dict)
    budget_total_yen: float | None = None
    subsidy_yen: Mapping[int, float] = field(default_factory=dict)
    subsidy_total_yen: float | None = None
    sites_per_year: Mapping[int, int] = field(default_factory=dict)
    kw_per_year: Mapping[int, float] = field(default_factory=dict)
    ward_sites: Mapping[str, int] = field(default_factory=dict)
    ward_share: Mapping[str, float] = field(default_factory=dict)
    shelter_share: float | None = None
    shelter_by: int | None = None
    shelters_first: bool = False
    renewal: Renewal = "after"

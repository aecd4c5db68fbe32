"""Lots in sentences: figures, who spoils a price and by what, which rules are not kept, who is in no lot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kawasolar.lots.assess import Lot
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    import pandas as pd

    from kawasolar.finance import Terms
    from kawasolar.lots.assess import Assessed, Reason
    from kawasolar.lots.proposal import Proposal
    from kawasolar.lots.rules import LotCosts
    from kawasolar.words import Language

MILLION = 1e6
# Facilities that a sentence names; of more, how many.
_NAMED = 8


def named_lots(language: Language, proposal: Proposal) -> tuple[Lot, ...]:
    """The lots of a proposal with keys ``l1 l2 …`` and names, in each fiscal year from the first on."""
    years = dict(zip(proposal.sites.ids, proposal.sites.years, strict=True))
    counts: dict[int, int] = {}
    found = []
    order = sorted(range(len(proposal.lots)), key=lambda k: years[proposal.lots[k][0]])
    for key, k in enumerate(order, start=1):
        ids = proposal.lots[k]
        year = years[ids[0]]
        counts[year] = counts.get(year, 0) + 1
        code = "lots.name_year" if year else "lots.name"
        found.append(Lot(f"l{key}", say(language, code, number=counts[year], year=year), ids))
    return tuple(found)


def price_text(language: Language, price: float) -> str:
    """A price with its unit."""
    return say(language, "lots.no_price") if math.isnan(price) else say(language, "lots.price", yen=price)


def reasons_text(language: Language, reasons: Sequence[Reason]) -> str:
    """Why a site spoils the price, in figures."""
    told = [say(language, f"lots.reason.{key}", mine=mine, whole=whole, yen=yen) for key, mine, whole, yen in reasons]
    return say(language, "list.separator").join(told) if told else say(language, "lots.reason.mixed")


def rules_text(language: Language, broken: Sequence[str]) -> str:
    """Rules by their names."""
    return say(language, "list.separator").join(say(language, f"lots.rule.{key}") for key in broken)


def names_text(language: Language, ids: Sequence[str], names: Mapping[str, str]) -> str:
    """Facilities by their names; of many how many more."""
    shown = [names.get(one, one) for one in ids[:_NAMED]]
    if len(ids) > _NAMED:
        shown.append(say(language, "programme.conflict.more", count=len(ids) - _NAMED))
    return say(language, "list.separator").join(shown)


def lot_lines(
    language: Language, found: Assessed, names: Mapping[str, str], not_chosen: Mapping[str, Sequence[str]]
) -> list[str]:
    """Each lot: head, who spoils its price, what it would be without them, what is wrong with it."""
    lines = []
    for row in found.lots.to_dict("records"):
        lines.append(
            say(
                language, "lots.line", key=row["lot"], name=row["name"], sites=row["sites"], kw=row["capacity_kw"], price=price_text(language, row["price"]),
                saving=row["saving_first_yen"] / MILLION, co2=row["co2_first_t"],
            )
        )  # fmt: skip
        lines += spoiler_lines(language, found, str(row["lot"]), names)
        lines += wrong_lines(language, row, names, not_chosen)
    return lines


def spoiler_lines(
    language: Language, found: Assessed, lot: str, names: Mapping[str, str], most: int = _NAMED
) -> list[str]:
    """Who spoils the price of a lot and by what, the worst first, and what it would be without them all."""
    row = next(row for row in found.lots.to_dict("records") if row["lot"] == lot)
    of_lot = found.sites[found.sites["lot"] == lot].set_index("facility_id")
    lines = []
    for one in row["spoilers"][:most]:
        why, effect = reasons_text(language, of_lot.loc[one, "reasons"]), float(of_lot.loc[one, "effect"])
        lines.append(say(language, "lots.spoiler_line", name=names.get(one, one), effect=effect, why=why))
    if row["spoilers"]:
        cleaned, left = price_text(language, row["price_cleaned"]), row["kw_cleaned"]
        lines.append(say(language, "lots.cleaned_line", count=len(row["spoilers"]), price=cleaned, kw=left))
    return lines


def wrong_lines(
    language: Language, row: Mapping[Hashable, Any], names: Mapping[str, str], not_chosen: Mapping[str, Sequence[str]]
) -> list[str]:
    """Which rules a lot (a row of :class:`~kawasolar.lots.assess.Assessed`) does not keep to, and what it contains that is not chosen."""
    lines = [say(language, "lots.broken_line", rules=rules_text(language, row["broken"]))] if row["broken"] else []
    gone = tuple(dict.fromkeys((*row["gone"], *not_chosen.get(str(row["lot"]), ()))))
    return [*lines, say(language, "lots.gone_line", names=names_text(language, gone, names))] if gone else lines


def left_lines(language: Language, left: Mapping[str, str], names: Mapping[str, str]) -> list[str]:
    """Who is in no lot, and why."""
    return [
        say(language, "lots.left_line", name=names.get(one, one), why=say(language, f"lots.left.{why}"))
        for one, why in left.items()
    ]


def note_lines(language: Language, terms: Terms, costs: LotCosts) -> list[str]:
    """What the prices are made with."""
    return [
        say(
            language, "lots.note", irr=terms.number("operator_irr"), site=costs.site_once, lot=costs.lot_once, yearly=costs.lot_yearly,
        ),
        say(language, "lots.note_saving", price=terms.number("purchase_price")),
    ]  # fmt: skip


def lots_in_words(
    language: Language, found: Assessed, names: Mapping[str, str], not_chosen: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """The table of lots with texts in place of codes and ids; shares in per cent, yen whole."""
    table = found.lots.copy()
    table["gone"] = [
        names_text(language, tuple(dict.fromkeys((*gone, *not_chosen.get(str(lot), ())))), names)
        for lot, gone in zip(table["lot"], table["gone"], strict=True)
    ]
    table["spoilers"] = [names_text(language, ids, names) for ids in table["spoilers"]]
    table["broken"] = [rules_text(language, broken) for broken in table["broken"]]
    return _rounded(table)


def sites_in_words(language: Language, found: Assessed) -> pd.DataFrame:
    """The table of sites with texts in place of codes."""
    table = found.sites.copy()
    table["season"] = [say(language, f"lots.season.{season}") for season in table["season"]]
    table["roof_type"] = [_roof(language, str(roof)) for roof in table["roof_type"]]
    table["reasons"] = [
        reasons_text(language, reasons) if spoils else ""
        for reasons, spoils in zip(table["reasons"], table["spoils"], strict=True)
    ]
    table["spoils"] = ["○" if spoils else "" for spoils in table["spoils"]]
    return _rounded(table)


def _roof(language: Language, roof: str) -> str:
    from kawasolar.words import catalogue

    code = f"roof.{roof}"
    return say(language, code) if code in catalogue() else roof


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """As many digits as mean something."""
    digits: dict[str, Any] = {
        "capacity_kw": 2, "kw_cleaned": 2, "price": 2, "price_cleaned": 2, "price_alone": 2, "price_without": 2, "effect": 2, "co2_first_t": 1,
        "spread_km": 2, "km": 2, "specific_yield": 0, "yen_per_kw": 0, "energy_kwh": 0, "saving_first_yen": 0, "saving_total_yen": 0, "capex_yen": 0,
    }  # fmt: skip
    made = table.copy()
    made["self_use_ratio"] = (made["self_use_ratio"].astype(float) * 100.0).round(1)
    for key, places in digits.items():
        if key in made:
            made[key] = made[key].astype(float).round(places)
    return made

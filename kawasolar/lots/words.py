"""Lots in sentences: figures, who spoils a price and by what, which rules are not kept, who is in no lot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kawasolar.finance.words import grant_texts
from kawasolar.lots.assess import Lot
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    import pandas as pd

    from kawasolar.lots.assess import Assessed, Basis, Reason
    from kawasolar.lots.flows import YearFlows
    from kawasolar.lots.proposal import Proposal
    from kawasolar.words import Language

MILLION = 1e6
# Facilities that a sentence names; of more, how many.
_NAMED = 8


def named_lots(language: Language, proposal: Proposal) -> tuple[Lot, ...]:
    """The lots of a proposal with keys ``l1 l2 …`` and names, in each fiscal year from the first on."""
    years = dict(zip(proposal.sites.ids, proposal.sites.years, strict=True))
    counts: dict[int, int] = {}
    found = []
    order = sorted(range(len(proposal.lots)), key=lambda k: min(years[one] for one in proposal.lots[k]))
    for key, k in enumerate(order, start=1):
        ids = proposal.lots[k]
        year = min((years[one] for one in ids if years[one]), default=0)
        counts[year] = counts.get(year, 0) + 1
        code = "lots.name_year" if year else "lots.name"
        found.append(Lot(f"l{key}", say(language, code, number=counts[year], year=year), ids))
    return tuple(found)


def years_text(language: Language, years: Sequence[int]) -> str:
    """The fiscal years of a lot, from the first to the last; empty where there is none."""
    if not years:
        return ""
    code = "lots.year" if years[0] == years[-1] else "lots.years"
    return say(language, code, first=years[0], last=years[-1])


def lot_title(language: Language, name: str, years: Sequence[int]) -> str:
    """A lot's name with its years, unless it has them in it."""
    told = years_text(language, years)
    return name if not told or told in name else say(language, "lots.title", name=name, years=told)


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
                language, "lots.line", key=row["lot"], name=lot_title(language, str(row["name"]), row["years"]), sites=row["sites"], kw=row["capacity_kw"], price=price_text(language, row["price"]),
                saving=row["saving_first_yen"] / MILLION, co2=row["co2_first_t"],
            )
        )  # fmt: skip
        lines += money_lines(language, row, names)
        lines += spoiler_lines(language, found, str(row["lot"]), names)
        lines += wrong_lines(language, row, names, not_chosen)
    return lines


def money_lines(language: Language, row: Mapping[Hashable, Any], names: Mapping[str, str]) -> list[str]:
    """What a subsidy takes off the price of a lot (a row of :class:`~kawasolar.lots.assess.Assessed`), and at which sites the city pays more than it saves."""
    lines = []
    if row["grant_yen"] > 0.0:
        before = price_text(language, row["price_ungranted"])
        lines.append(say(language, "lots.grant_line", yen=row["grant_yen"] / MILLION, price=before))
    if row["losers"]:
        lines.append(say(language, "lots.losers_line", names=names_text(language, row["losers"], names)))
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
    if row["strays"]:
        shown = [
            say(language, "lots.stray", name=names.get(one, one), year=year) for one, year in row["strays"][:_NAMED]
        ]
        if len(row["strays"]) > _NAMED:
            shown.append(say(language, "programme.conflict.more", count=len(row["strays"]) - _NAMED))
        told = say(language, "list.separator").join(shown)
        lines.append(say(language, "lots.strays_line", names=told, years=years_text(language, row["years"])))
    gone = tuple(dict.fromkeys((*row["gone"], *not_chosen.get(str(row["lot"]), ()))))
    return [*lines, say(language, "lots.gone_line", names=names_text(language, gone, names))] if gone else lines


def left_lines(language: Language, left: Mapping[str, str], names: Mapping[str, str]) -> list[str]:
    """Who is in no lot, and why."""
    return [
        say(language, "lots.left_line", name=names.get(one, one), why=say(language, f"lots.left.{why}"))
        for one, why in left.items()
    ]


def note_lines(language: Language, basis: Basis) -> list[str]:
    """What the prices are made with."""
    terms, costs = basis.terms, basis.costs
    own = sum(1 for row in basis.paid.tariffs if row is not None)
    code = "lots.note_saving" if not own else "lots.note_bills" if own == len(basis.sites) else "lots.note_bills_some"
    lines = [
        say(
            language, "lots.note", irr=terms.number("operator_irr"), site=costs.site_once, lot=costs.lot_once, yearly=costs.lot_yearly,
        ),
        say(language, code, price=terms.number("purchase_price"), own=own, others=len(basis.sites) - own),
        grant_line(language, basis),
    ]  # fmt: skip
    return [*lines, say(language, "lots.note_years")] if basis.dated else lines


def grant_line(language: Language, basis: Basis) -> str:
    """Which subsidy is in the prices, how much of it, and what came of its conditions."""
    given = basis.granted
    if given.subsidy is None:
        return say(language, "lots.note_no_grant")
    name, *conditions = grant_texts(language, given)
    told = say(language, "list.separator").join(conditions)
    code = "lots.note_refused" if given.refused else "lots.note_grant"
    return say(
        language, code, name=name, conditions=told, yen=float(given.yen.sum()) / MILLION, asked=float(given.asked.sum()) / MILLION
    )  # fmt: skip


def flow_lines(language: Language, flows: YearFlows) -> list[str]:
    """The money over the fiscal years: what it comes to, then each year in which sites begin or which is the last."""
    if not flows.years:
        return []
    figures, table = flows.figures(flows.whole), flows.by_year(flows.whole)
    lines = [
        say(
            language, "lots.flows_line", first=flows.years[0], last=flows.years[-1], total=figures["city_total"] / MILLION, npv=figures["city_npv"] / MILLION,
            operator=round(figures["operator_npv"] / MILLION, 1) + 0.0, irr=figures["operator_irr"], grant=figures["grant_total"] / MILLION,
        )
    ]  # fmt: skip
    for row in table.to_dict("records"):
        if row["sites"] or row["fiscal_year"] == flows.years[-1]:
            values = {key: row[f"{key}_yen"] / MILLION for key in ("city", "city_total", "grant", "operator")}
            lines.append(
                say(
                    language,
                    "lots.flow_line",
                    year=row["fiscal_year"],
                    sites=row["sites"],
                    kw=row["capacity_kw"],
                    **values,
                )
            )
    if flows.without:
        lines.append(say(language, "lots.flows_without", lots=say(language, "list.separator").join(flows.without)))
    return lines


def lots_in_words(
    language: Language, found: Assessed, names: Mapping[str, str], not_chosen: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """The table of lots with texts in place of codes and ids; shares in per cent, yen whole."""
    table = found.lots.copy()
    table["gone"] = [
        names_text(language, tuple(dict.fromkeys((*gone, *not_chosen.get(str(lot), ())))), names)
        for lot, gone in zip(table["lot"], table["gone"], strict=True)
    ]
    table["years"] = [years_text(language, years) for years in table["years"]]
    table["losers"] = [names_text(language, ids, names) for ids in table["losers"]]
    table["strays"] = [
        say(language, "list.separator").join(
            say(language, "lots.stray", name=names.get(one, one), year=year) for one, year in some
        )
        for some in table["strays"]
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
    for key in ("spoils", "loses"):
        table[key] = ["○" if one else "" for one in table[key]]
    tariffs = {row.key: getattr(row, f"name_{language}") for row in found.basis.paid.tariffs if row is not None}
    table["tariff"] = [tariffs.get(key, key) if key else say(language, "lots.one_price") for key in table["tariff"]]
    return _rounded(table)


def _roof(language: Language, roof: str) -> str:
    from kawasolar.words import catalogue

    code = f"roof.{roof}"
    return say(language, code) if code in catalogue() else roof


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """As many digits as mean something."""
    digits: dict[str, Any] = {
        "capacity_kw": 2, "kw_cleaned": 2, "price": 2, "price_cleaned": 2, "price_alone": 2, "price_without": 2, "effect": 2, "co2_first_t": 1,
        "price_ungranted": 2, "grant_yen": 0, "avoided_yen": 2, "demand_yen": 0, "spread_km": 2, "km": 2, "specific_yield": 0, "yen_per_kw": 0, "energy_kwh": 0, "saving_first_yen": 0, "saving_total_yen": 0, "capex_yen": 0,
    }  # fmt: skip
    made = table.copy()
    made["self_use_ratio"] = (made["self_use_ratio"].astype(float) * 100.0).round(1)
    for key, places in digits.items():
        if key in made:
            made[key] = made[key].astype(float).round(places)
    return made

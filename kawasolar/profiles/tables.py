"""The tables of a profile: wards, stations, emission factors, tariffs, subsidies, costs, deadlines, targets.

Each is optional: a profile without one has none, and nobody else's are taken. Units are in the names; every row says its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from kawasolar.profiles import fields as of
from kawasolar.profiles.fields import fields_of, known_fields
from kawasolar.profiles.reader import Cited

if TYPE_CHECKING:
    from kawasolar.profiles.reader import Reader
    from kawasolar.words import Language

# 未調整 (since FY2023), 基礎, 調整後, 残差, 全国平均, of a menu, and told backwards from a city's own figures.
FACTOR_KINDS = ("basic", "adjusted", "residual", "national", "menu", "unadjusted", "implied")
VOLTAGES = ("low", "high", "extra_high")
SEASONS = ("all", "summer", "other")
TIMES = ("all", "peak", "day", "night")
# What a tariff counts its days as: Sundays, holidays and the tariff's own dates are "sunday"; a Saturday is a workday.
DAYS = ("all", "workday", "sunday")
SUPPLIES = ("light", "power")
# How contract kW or kVA come about: by size (実量制 below, 協議制 from a limit), by the highest half hours, agreed, by 負荷設備・主開閉器, by 契約容量.
CONTRACTS = ("by_size", "measured", "agreed", "load", "capacity")
ROUNDINGS = ("half_up", "up", "down")
POWER_FACTOR_RULES = ("per_percent", "five_percent", "none")
CONDITIONS = ("no_fit", "contract_after_grant", "at_least_1_mw", "third_party", "purchase", "low_fiscal_index")
PLANTS = ("roof", "ground")
LAMPS = ("cfl_bulb", "cfl_bulb_large", "cfl_compact", "straight_halophosphate", "straight_triphosphor")
# What lies on roofs, and shapes of them, on which a city may put nothing: codes of the ledger's ``roofing`` and ``roof_type``.
ROOFS = (
    "asbestos_slate", "slate", "free_slate", "tile", "metal", "membrane", "glass", "green", "waterproofed", "flat", "gable", "hip", "sawtooth", "other",
)  # fmt: skip
REMEDIES = (
    "seismic_retrofit", "waterproofing", "life_extension", "reroofing", "light_modules", "strengthening", "raise_equipment",
)  # fmt: skip
TARGETS = ("pv_share", "renewable_power_share", "led_share", "next_generation_car_share", "co2_reduction_share")

# What a PPA and its costs are reckoned with: unit and the bounds outside which a number can only be a mistake.
PPA_RULES: Mapping[str, tuple[str, float, float]] = {
    "term": ("a", 1.0, 40.0),
    "price": ("yen/kWh", 0.0, 100.0),
    "price_large": ("yen/kWh", 0.0, 100.0),
    "opex": ("yen/(kW a)", 0.0, 100_000.0),
    "roof_rent": ("yen/(m² a)", 0.0, 10_000.0),
    "discount_rate": ("-", 0.0, 0.3),
    "insurance": ("-", 0.0, 0.1),
    "purchase_price": ("yen/kWh", 0.0, 200.0),
    "feed_in_early": ("yen/kWh", 0.0, 100.0),
    "feed_in_late": ("yen/kWh", 0.0, 100.0),
    "resale": ("yen/kWh", 0.0, 100.0),
    "battery": ("yen/kWh", 0.0, 1_000_000.0),
    "battery_year": ("a", 1.0, 40.0),
    "battery_share": ("-", 0.0, 2.0),
    "inverter_year": ("a", 1.0, 40.0),
    "inverter_share": ("-", 0.0, 1.0),
    "removal": ("yen/kW", 0.0, 500_000.0),
    "operator_irr": ("-", 0.0, 0.5),
    "operator_discount": ("-", 0.0, 0.3),
    "lease_irr": ("-", 0.0, 0.5),
    "lease_term": ("a", 1.0, 40.0),
    "feed_in_step": ("a", 0.0, 40.0),
    "feed_in_years": ("a", 0.0, 40.0),
    "after_term": ("choice.after_term", 1.0, 3.0),
    "residual": ("-", 0.0, 1.0),
    "grant_pass": ("-", 0.0, 1.0),
    "corporate_tax": ("-", 0.0, 0.6),
    "tax_life": ("a", 2.0, 50.0),
    "depreciation": ("choice.depreciation", 1.0, 2.0),
    "property_tax": ("-", 0.0, 0.05),
    "property_tax_relief": ("-", 0.0, 1.0),
    "property_tax_relief_years": ("a", 0.0, 20.0),
    "price_escalation": ("-", -0.1, 0.2),
    "inflation": ("-", -0.05, 0.2),
}

_DIGITS, _FIVE = r"\d{5}", "00000 … 99999"
_YEAR = ("fiscal year", 1990.0, 2100.0)
_YEN = ("yen/kWh", 0.0, 500.0)
_ADJUSTMENT = ("yen/kWh", -100.0, 100.0)
_KEY, _ONE_KEY = r"[a-z0-9_]{1,60}", "hv_basic_2025"
_DATES, _TWO_DATES = r"(\d\d-\d\d)( \d\d-\d\d)*", "01-02 12-31"


@dataclass(frozen=True, kw_only=True)
class Ward(Cited):
    """A ward, with its municipal code; the order is that in which the city names them."""

    code: str = of.text(pattern=_DIGITS, example=_FIVE)
    name_ja: str = of.text()
    name_en: str = of.text()

    def name(self, language: Language) -> str:
        """Name of the ward."""
        return self.name_ja if language == "ja" else self.name_en


@dataclass(frozen=True, kw_only=True)
class Station(Cited):
    """A weather station near the city, by its number in METPV and AMeDAS; the nearest first."""

    number: str = of.text(pattern=_DIGITS, example=_FIVE)
    name_ja: str = of.text()
    name_en: str = of.text()
    latitude: float = of.number("°", 20.0, 46.0)
    longitude: float = of.number("°", 122.0, 154.0)
    elevation_m: float | None = of.number("m", -10.0, 4000.0, needed=False)

    def name(self, language: Language) -> str:
        """Name of the station."""
        return self.name_ja if language == "ja" else self.name_en


@dataclass(frozen=True, kw_only=True)
class Utility(Cited):
    """The electricity company of the area."""

    name_ja: str = of.text()
    name_en: str = of.text()

    def name(self, language: Language) -> str:
        """Name of the company."""
        return self.name_ja if language == "ja" else self.name_en


@dataclass(frozen=True, kw_only=True)
class EmissionFactor(Cited):
    """CO2 of a kilowatt-hour that somebody supplies, by fiscal year and kind."""

    fiscal_year: int = of.whole(*_YEAR)
    kind: str = of.choice(*FACTOR_KINDS)
    operator_ja: str = of.text()
    operator_en: str = of.text()
    menu: str = of.text(needed=False)
    kg_co2_per_kwh: float = of.number("kg-CO₂/kWh", 0.0, 2.0)

    def operator(self, language: Language) -> str:
        """Whose factor it is."""
        return self.operator_ja if language == "ja" else self.operator_en


@dataclass(frozen=True, kw_only=True)
class Tariff(Cited):
    """A plan of electricity; its energy charges are :class:`EnergyCharge`. Money without tax unless ``tax_included``.

    What is not there is as ``resources/electricity_rules.toml`` says, or not charged (adjustments, capacity). ``from_kw`` and ``to_kw`` are the contracts that it
    is for; ``unused_share`` is what is left of the basic charge in a month without any use; ``sunday_dates`` count as Sundays besides the holidays.
    """

    key: str = of.text(pattern=_KEY, example=_ONE_KEY)
    operator_ja: str = of.text()
    operator_en: str = of.text()
    name_ja: str = of.text()
    name_en: str = of.text()
    voltage: str = of.choice(*VOLTAGES)
    supply: str | None = of.choice(*SUPPLIES, needed=False)
    from_kw: float | None = of.number("kW", 0.0, 1e6, needed=False)
    to_kw: float | None = of.number("kW", 0.0, 1e6, needed=False)
    valid_from: date = of.day()  # noqa: RUF009 - a field, not a date
    tax_included: bool = of.flag()
    contract: str | None = of.choice(*CONTRACTS, needed=False)
    kw_rounding: str | None = of.choice(*ROUNDINGS, needed=False)
    demand_yen_per_kw_month: float | None = of.number("yen/(kW month)", 0.0, 20_000.0, needed=False)
    base_power_factor: float | None = of.number("-", 0.5, 1.0, needed=False)
    power_factor_rule: str | None = of.choice(*POWER_FACTOR_RULES, needed=False)
    unused_share: float | None = of.number("-", 0.0, 1.0, needed=False)
    excess_factor: float | None = of.number("-", 0.0, 10.0, needed=False)
    fuel_adjustment_yen_per_kwh: float | None = of.number(*_ADJUSTMENT, needed=False)
    market_adjustment_yen_per_kwh: float | None = of.number(*_ADJUSTMENT, needed=False)
    capacity_yen_per_kw_month: float | None = of.number("yen/(kW month)", 0.0, 20_000.0, needed=False)
    summer_first: int | None = of.whole("month", 1.0, 12.0, needed=False)
    summer_last: int | None = of.whole("month", 1.0, 12.0, needed=False)
    sunday_dates: str = of.text(needed=False, pattern=_DATES, example=_TWO_DATES)

    def name(self, language: Language) -> str:
        """Name of the plan."""
        return self.name_ja if language == "ja" else self.name_en


@dataclass(frozen=True, kw_only=True)
class TariffTime(Cited):
    """When a tariff's time of day is; the first row that holds a half hour names it, and what none holds is night.

    From the earlier hour to the later, over midnight where it begins later than it ends.
    """

    tariff: str = of.text(pattern=_KEY, example=_ONE_KEY)
    season: str = of.choice(*SEASONS)
    time: str = of.choice(*TIMES)
    days: str = of.choice(*DAYS)
    from_hour: float = of.number("h", 0.0, 24.0)
    to_hour: float = of.number("h", 0.0, 24.0)


@dataclass(frozen=True, kw_only=True)
class EnergyCharge(Cited):
    """What a kilowatt-hour of a tariff costs in a season and at a time of day, without levy and fuel adjustment.

    ``from_kwh`` is where the step begins that the price is of, in kWh of the month (三段階料金); the first has none.
    """

    tariff: str = of.text(pattern=_KEY, example=_ONE_KEY)
    season: str = of.choice(*SEASONS)
    time: str = of.choice(*TIMES)
    from_kwh: float | None = of.number("kWh/month", 1.0, 1e7, needed=False)
    yen_per_kwh: float = of.number(*_YEN)


@dataclass(frozen=True, kw_only=True)
class Levy(Cited):
    """The levy for renewable energy (再エネ賦課金) of a fiscal year (May to April)."""

    fiscal_year: int = of.whole(*_YEAR)
    yen_per_kwh: float = of.number("yen/kWh", 0.0, 50.0)


@dataclass(frozen=True, kw_only=True)
class Subsidy(Cited):
    """Money that comes from elsewhere: a share of the cost, or so much a kW, up to a cap; ``conditions`` as codes."""

    name_ja: str = of.text()
    name_en: str = of.text()
    rate: float | None = of.number("-", 0.0, 1.0, needed=False)
    yen_per_kw: float | None = of.number("yen/kW", 0.0, 1_000_000.0, needed=False)
    cap_total_yen: float | None = of.number("yen", 0.0, 1e12, needed=False)
    conditions: tuple[str, ...] = of.codes(*CONDITIONS)

    def name(self, language: Language) -> str:
        """Name of the programme."""
        return self.name_ja if language == "ja" else self.name_en


@dataclass(frozen=True, kw_only=True)
class PpaValue(Cited):
    """One number of :data:`PPA_RULES`; what a profile does not have is not known, and never zero."""

    key: str = of.choice(*PPA_RULES)
    value: float = of.number("", -1e12, 1e12)
    unit: str = of.text()


@dataclass(frozen=True, kw_only=True)
class Capex(Cited):
    """What a plant costs, by its size; ``to_kw`` None is without end."""

    plant: str = of.choice(*PLANTS)
    fiscal_year: int = of.whole(*_YEAR)
    from_kw: float = of.number("kW", 0.0, 1e6)
    to_kw: float | None = of.number("kW", 0.0, 1e6, needed=False)
    yen_per_kw: float = of.number("yen/kW", 0.0, 5e6)


@dataclass(frozen=True, kw_only=True)
class LampBan(Cited):
    """The last day on which lamps of a kind are made and imported; using and selling what is there stays lawful."""

    lamp: str = of.choice(*LAMPS)
    last_day: date = of.day()  # noqa: RUF009 - a field, not a date


@dataclass(frozen=True, kw_only=True)
class BarredRoof(Cited):
    """A kind of roof on which nothing is put; a profile without any has the first bundled one's."""

    roof: str = of.choice(*ROOFS)


@dataclass(frozen=True, kw_only=True)
class RemedyCost(Cited):
    """What a remedy of ``resources/remedies.toml`` costs, per unit that stands there, and how long it takes; of what is not there, the first bundled profile's."""

    key: str = of.choice(*REMEDIES)
    yen: float = of.number("yen", 0.0, 1e8)
    lead_years: int = of.whole("a", 0.0, 30.0)


@dataclass(frozen=True, kw_only=True)
class Target(Cited):
    """What is to be reached, as a share, in which fiscal year."""

    what: str = of.choice(*TARGETS)
    share: float = of.number("-", 0.0, 1.0)
    fiscal_year: int = of.whole(*_YEAR)


@dataclass(frozen=True)
class Tables:
    """All tables of a profile; what it does not have is empty."""

    utility: tuple[Utility, ...] = ()
    wards: tuple[Ward, ...] = ()
    stations: tuple[Station, ...] = ()
    emission_factors: tuple[EmissionFactor, ...] = ()
    tariffs: tuple[Tariff, ...] = ()
    tariff_times: tuple[TariffTime, ...] = ()
    energy_charges: tuple[EnergyCharge, ...] = ()
    levies: tuple[Levy, ...] = ()
    subsidies: tuple[Subsidy, ...] = ()
    ppa: tuple[PpaValue, ...] = ()
    capex: tuple[Capex, ...] = ()
    lamp_bans: tuple[LampBan, ...] = ()
    targets: tuple[Target, ...] = ()
    barred_roofs: tuple[BarredRoof, ...] = ()
    remedies: tuple[RemedyCost, ...] = ()

    def rows(self, section: str) -> tuple[Cited, ...]:
        """The rows of a section by its name."""
        return cast("tuple[Cited, ...]", getattr(self, section))

    def all_rows(self) -> tuple[Cited, ...]:
        """Every row of every table."""
        return tuple(row for section in SECTIONS for row in self.rows(section))


@dataclass(frozen=True)
class Section:
    """A table: what its rows are, which fields tell one from another, and whether there is at most one row."""

    row: type[Cited]
    identity: tuple[str, ...]
    single: bool = False


SECTIONS: Mapping[str, Section] = {
    "utility": Section(Utility, (), single=True),
    "wards": Section(Ward, ("code",)),
    "stations": Section(Station, ("number",)),
    "emission_factors": Section(EmissionFactor, ("fiscal_year", "kind", "operator_ja", "menu")),
    "tariffs": Section(Tariff, ("key",)),
    "tariff_times": Section(TariffTime, ("tariff", "season", "time", "days", "from_hour")),
    "energy_charges": Section(EnergyCharge, ("tariff", "season", "time", "from_kwh")),
    "levies": Section(Levy, ("fiscal_year",)),
    "subsidies": Section(Subsidy, ("name_ja", "conditions")),
    "ppa": Section(PpaValue, ("key",)),
    "capex": Section(Capex, ("plant", "fiscal_year", "from_kw")),
    "lamp_bans": Section(LampBan, ("lamp",)),
    "targets": Section(Target, ("what", "fiscal_year")),
    "barred_roofs": Section(BarredRoof, ("roof",)),
    "remedies": Section(RemedyCost, ("key",)),
}

# Sections whose rows are of a tariff.
OF_TARIFFS = ("tariff_times", "energy_charges")


def identity_of(section: str, row: Cited) -> tuple[object, ...]:
    """What tells a row from the others of its table."""
    parts = (getattr(row, name) for name in SECTIONS[section].identity)
    return tuple(part for part in parts if part is not None)


def read_row(reader: Reader, section: str, entry: object, where: str) -> Cited:
    """One row of a table.

    Parameters
    ----------
    where : its place for messages, such as ``wards.2``

    Raises
    ------
    UnreadableProfile
        names the field
    """
    row = SECTIONS[section].row
    if not isinstance(entry, dict):
        raise reader.error("profile.bad_value", where, entry, f"[[{section}]]")
    reader.only(entry, known_fields(row), where)
    taken = {name: one.take(reader, entry, where) for name, one in fields_of(row).items()}
    made = row(**taken, **reader.cited(entry, where))
    _check(reader, made, where)
    return made


def read_tables(reader: Reader, document: Mapping[str, Any]) -> Tables:
    """All tables of a parsed profile.

    Raises
    ------
    UnreadableProfile
        names the first field that is wrong, or the row that stands twice
    """
    found: dict[str, Any] = {}
    for section in SECTIONS:
        rows, seen = [], set[tuple[object, ...]]()
        for where, entry in entries_of(reader, section, document):
            row = read_row(reader, section, entry, where)
            check_new(reader, section, row, where, seen)
            rows.append(row)
        found[section] = tuple(rows)
    tables = Tables(**found)
    for section in OF_TARIFFS:
        for k, row in enumerate(tables.rows(section)):
            check_tariff(reader, tables.tariffs, row, f"{section}.{k + 1}")
    return tables


def entries_of(reader: Reader, section: str, document: Mapping[str, Any]) -> list[tuple[str, object]]:
    """The rows of a section as they were parsed, each with its place."""
    entries = document.get(section)
    if entries is None:
        return []
    if SECTIONS[section].single:
        return [(section, entries)]
    if not isinstance(entries, list):
        raise reader.error("profile.bad_value", section, entries, f"[[{section}]]")
    return [(f"{section}.{k + 1}", entry) for k, entry in enumerate(entries)]


def check_new(reader: Reader, section: str, row: Cited, where: str, seen: set[tuple[object, ...]]) -> None:
    """Refuse a row that is told twice, and note what tells this one from others."""
    mine = identity_of(section, row)
    if mine in seen:
        raise reader.error("profile.duplicate", where, " ".join(map(str, mine)), "once")
    seen.add(mine)


def check_tariff(reader: Reader, tariffs: tuple[Tariff, ...], row: Cited, where: str) -> None:
    """Refuse a charge, or a time of day, of a tariff that is not there."""
    known, named = {tariff.key for tariff in tariffs}, cast("EnergyCharge | TariffTime", row).tariff
    if named not in known:
        expected = " | ".join(sorted(known)) or "[[tariffs]]"
        raise reader.error("profile.bad_value", f"{where}.tariff", named, expected)


def _check(reader: Reader, row: Cited, where: str) -> None:
    """What one field says of another."""
    if isinstance(row, PpaValue):
        unit, least, most = PPA_RULES[row.key]
        if row.unit != unit:
            raise reader.error("profile.bad_unit", f"{where}.unit", row.unit, unit)
        take = reader.whole if unit.startswith("choice.") else reader.number
        take({"value": row.value}, "value", where, least, most)
    elif isinstance(row, EmissionFactor) and row.kind == "menu" and not row.menu:
        raise reader.error("profile.no_text", f"{where}.menu", None, '"…"')
    elif isinstance(row, Capex) and row.to_kw is not None and row.to_kw <= row.from_kw:
        raise reader.error("profile.bad_value", f"{where}.to_kw", row.to_kw, f"> {row.from_kw:g}")
    elif isinstance(row, Tariff) and row.to_kw is not None and row.to_kw <= (row.from_kw or 0.0):
        raise reader.error("profile.bad_value", f"{where}.to_kw", row.to_kw, f"> {row.from_kw or 0.0:g}")
    elif isinstance(row, Tariff) and row.sunday_dates and not all(map(_is_date, row.sunday_dates.split())):
        raise reader.error("profile.bad_value", f"{where}.sunday_dates", row.sunday_dates, _TWO_DATES)
    elif isinstance(row, Subsidy) and row.rate is None and row.yen_per_kw is None:
        raise reader.error("profile.bad_value", f"{where}.rate", None, "rate | yen_per_kw")


def _is_date(text: str) -> bool:
    """Whether a month and a day are a date of some year."""
    try:
        date.fromisoformat(f"2024-{text}")
    except ValueError:
        return False
    return True

"""What is planned over the fiscal years, as plain arrays: the sites, what each is worth and costs in each year, and what already stands."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kawasolar.errors import ProgrammeInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

Worth = Literal["co2", "kwh", "saving"]
WORTHS: tuple[Worth, ...] = ("co2", "kwh", "saving")
State = Literal["open", "contracted", "done"]
STATES: tuple[State, ...] = ("open", "contracted", "done")
# Bounds of a size, not of a decision: beyond them the input can only be a mistake.
MOST_SITES, MOST_YEARS = 20_000, 40
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
# Largest sum that whole numbers in floating point hold exactly.
_LARGEST = 2.0**50
W_PER_KW = 1000.0


@dataclass(frozen=True, eq=False)
class Sites:
    """Sites in the order of their ids, n of them, over T fiscal years; made by :func:`make_sites`.

    Attributes
    ----------
    facility_id : [n] text
    years : fiscal years of the programme, one after another
    worth : by objective [n, T]: what is gained by building in that year, over all the years that count, discounted (t-CO₂, kWh, yen)
    capacity_kw : [n]
    cost_yen, subsidy_yen : [n, T], whole yen: what the city itself pays, and the subsidy that is needed besides
    ward : [n] text, empty where unknown
    shelter : [n]
    earliest, latest : [n], first and last fiscal year in which it can be built
    renewal_year : [n], fiscal year of the roof's renewal, NaN where none is planned
    state : [n], ``open contracted done``
    state_year : [n], fiscal year of what is contracted or done, 0 for open ones
    pinned, vetoed : [n]; a veto beats a pin
    pinned_year : [n], the year a pin asks for, 0 = any
    listed : [n], whether it is one of those that the share is of
    """

    facility_id: NDArray[Any]
    years: tuple[int, ...]
    worth: Mapping[Worth, NDArray[np.float64]]
    capacity_kw: NDArray[np.float64]
    cost_yen: NDArray[np.float64]
    subsidy_yen: NDArray[np.float64]
    ward: NDArray[Any]
    shelter: NDArray[np.bool_]
    earliest: NDArray[np.int64]
    latest: NDArray[np.int64]
    renewal_year: NDArray[np.float64]
    state: NDArray[Any]
    state_year: NDArray[np.int64]
    pinned: NDArray[np.bool_]
    vetoed: NDArray[np.bool_]
    pinned_year: NDArray[np.int64]
    listed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.facility_id)

    @property
    def open(self) -> NDArray[np.bool_]:
        """[n] neither done nor contracted: the programme decides them."""
        return np.asarray(self.state == "open")

    @property
    def standing(self) -> NDArray[np.bool_]:
        """[n] done or contracted up to the last year: counted, whatever else is decided."""
        return ~self.open & (self.state_year <= self.years[-1])

    def row(self, facility_id: str) -> int:
        """Row of a site.

        Raises
        ------
        ProgrammeInvalid
            ``programme.no_such_site``
        """
        found = np.flatnonzero(self.facility_id == facility_id)
        if not len(found):
            raise ProgrammeInvalid("programme.no_such_site", found=facility_id[:100])
        return int(found[0])


def make_sites(
    facility_id: Sequence[str],
    years: Sequence[int],
    *,
    worth: Mapping[Worth, ArrayLike],
    capacity_kw: ArrayLike,
    cost_yen: ArrayLike = 0.0,
    subsidy_yen: ArrayLike = 0.0,
    ward: ArrayLike = "",
    shelter: ArrayLike = False,
    earliest: ArrayLike | None = None,
    latest: ArrayLike | None = None,
    renewal_year: ArrayLike = np.nan,
    state: ArrayLike = "open",
    state_year: ArrayLike = 0,
    pinned: ArrayLike = False,
    vetoed: ArrayLike = False,
    pinned_year: ArrayLike = 0,
    listed: ArrayLike = True,
    rate: float = 0.0,
) -> Sites:
    """Sites out of what is known of them: a number for all, [n] for each site, or [n, T] for each site and year.

    Parameters
    ----------
    rate : discount rate of ``worth`` [1/a] where it is raw: that of year t is divided by (1 + rate)^(t - first year); 0 where it is discounted already

    Raises
    ------
    ProgrammeInvalid
        ``programme.bad_sites``: ids twice, years that do not follow one another, a value that is missing, negative or no number
    """
    order = np.argsort(np.array([str(one) for one in facility_id], dtype=object), kind="stable")
    n, span = len(order), tuple(int(year) for year in years)
    _check_span(n, span)
    t = len(span)
    discount = (1.0 + rate) ** -np.arange(t, dtype=np.float64)

    def of_site(value: ArrayLike, dtype: Any) -> NDArray[Any]:  # noqa: ANN401 - a type
        return np.broadcast_to(np.asarray(value, dtype=dtype), (n,))[order].copy()

    def of_year(value: ArrayLike) -> NDArray[np.float64]:
        given = np.asarray(value, dtype=np.float64)
        given = given[:, None] if given.ndim == 1 else given
        return np.broadcast_to(given, (n, t))[order].copy()

    made = Sites(
        facility_id=np.array([str(one) for one in facility_id], dtype=object)[order], years=span,
        worth={name: of_year(value) * discount for name, value in worth.items()},
        capacity_kw=of_site(capacity_kw, np.float64), cost_yen=np.rint(of_year(cost_yen)), subsidy_yen=np.rint(of_year(subsidy_yen)),
        ward=of_site(ward, object), shelter=of_site(shelter, bool),
        earliest=of_site(span[0] if earliest is None else earliest, np.int64), latest=of_site(span[-1] if latest is None else latest, np.int64),
        renewal_year=of_site(renewal_year, np.float64), state=of_site(state, object), state_year=of_site(state_year, np.int64),
        pinned=of_site(pinned, bool) | (of_site(pinned_year, np.int64) > 0), vetoed=of_site(vetoed, bool), pinned_year=of_site(pinned_year, np.int64),
        listed=of_site(listed, bool),
    )  # fmt: skip
    _check(made)
    return made


def worth_of_annual(annual: ArrayLike, years: Sequence[int], until: int, rate: float) -> NDArray[np.float64]:
    """[n, T] what a yearly gain [n] is worth from the year after building up to and with ``until``, discounted to the first year.

    A plant of one fiscal year gives its first full year in the next.
    """
    first = years[0]
    gains = [sum((1.0 + rate) ** (first - year) for year in range(start + 1, until + 1)) for start in years]
    return np.asarray(annual, dtype=np.float64)[:, None] * np.asarray(gains)[None, :]


def _check_span(n: int, years: tuple[int, ...]) -> None:
    right = 0 < len(years) <= MOST_YEARS and years == tuple(range(years[0], years[0] + len(years)))
    if not right or not _FIRST_YEAR <= years[0] <= _LAST_YEAR:
        raise ProgrammeInvalid("programme.bad_sites", what="years", found=", ".join(map(str, years[:3])))
    if n > MOST_SITES:
        raise ProgrammeInvalid("programme.bad_sites", what="facility_id", found=str(n))


def _check(sites: Sites) -> None:
    ids = sites.facility_id
    if len(set(ids)) < len(ids):
        twice = next(one for k, one in enumerate(ids) if k and ids[k - 1] == one)
        raise ProgrammeInvalid("programme.bad_sites", what="facility_id", found=str(twice)[:100])
    numbers = {name: getattr(sites, name) for name in ("capacity_kw", "cost_yen", "subsidy_yen")}
    for name, values in (*numbers.items(), *sites.worth.items()):
        wrong = ~np.isfinite(values) | (np.abs(values) > _LARGEST) | ((values < 0) & (name in numbers))
        if wrong.any():
            row = int(np.argwhere(wrong)[0][0])
            raise ProgrammeInvalid("programme.bad_sites", what=name, found=str(ids[row])[:100])
    if len(ids) and not sites.worth:
        raise ProgrammeInvalid("programme.bad_sites", what="worth", found="")
    if not np.isin(sites.state.astype(str), STATES).all():
        raise ProgrammeInvalid("programme.bad_sites", what="state", found=str(sites.state[0]))
    asked = sites.pinned_year[(sites.pinned_year > 0) & ~np.isin(sites.pinned_year, sites.years)]
    if len(asked):
        raise ProgrammeInvalid("programme.bad_sites", what="pinned_year", found=str(asked[0]))


# Names of the columns that a frame of sites has.
SITE_FIELDS = tuple(field.name for field in fields(Sites) if field.name not in ("years", "worth"))

"""The links as people look through them: the doubtful ones first, what else lies near, and the edits of a review."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from kawasolar.document import edits
from kawasolar.document.entries import apply, edit_of, followed_by
from kawasolar.document.views import joins_of, shares_of
from kawasolar.join.agreement import Agreement, Weights
from kawasolar.join.evidence import Claimant, Reason, read_evidence, table
from kawasolar.join.settling import corrected_links, shared_of
from kawasolar.join.sides import exactness

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd
    from shapely import Geometry

    from kawasolar.document.edits import Author
    from kawasolar.document.entries import Edit, Entries
    from kawasolar.plan import Plan

DOUBTFUL = "review.doubtful"
# Candidates have a key each.
MOST = 9
# How far around a facility candidates are looked for [m].
AROUND_M = 150.0
# "open": nobody has looked; "later": put off; "confirmed"; "person": somebody named the buildings.
STATES = ("open", "later", "confirmed", "person")


@dataclass(frozen=True)
class Link:
    """One building of a facility: how it was found, how far away it is [m], how sure it is and why, and who else is in it."""

    building_id: str
    how: str
    distance_m: float | None
    score: float
    why: tuple[Reason, ...]
    others: tuple[Claimant, ...]


@dataclass(frozen=True)
class Item:
    """One facility with its buildings.

    Attributes
    ----------
    score : of its least sure link; 0 where it has none
    state : one of :data:`STATES`
    exact : how exact its place is, where that came from its address; empty where the ledger has it
    shared : building and owner, where it has none of its own and is in that of another
    """

    facility_id: str
    name: str
    kind: str
    address: str
    exact: str
    row: int
    links: tuple[Link, ...]
    shared: tuple[str, str] | None
    score: float
    state: str

    @property
    def buildings(self) -> tuple[str, ...]:
        """Its buildings, and the one that it shares."""
        own = tuple(link.building_id for link in self.links)
        return own if own or self.shared is None else (self.shared[0],)

    @property
    def done(self) -> bool:
        """Whether somebody has settled it."""
        return self.state in ("confirmed", "person")


def links_now(plan: Plan, facilities: Collection[str], known: Collection[str]) -> pd.DataFrame:
    """The links with all that people have said of them, whether or not the plan has been computed since.

    Parameters
    ----------
    facilities, known : ids of the ledger, and of all outlines
    """
    if plan.read is None:
        return plan.results.links
    named = joins_of(plan.entries)
    return corrected_links(plan.read.links, named, facilities, known, shares_of(plan.entries))[0]


def items_of(plan: Plan) -> list[Item]:
    """All facilities with their links, in the ledger's order."""
    shared, links_of = shared_of(plan.results.links), _links(plan.results.links)
    frame = plan.facilities
    texts = {
        column: [value if isinstance(value, str) else "" for value in frame[column]]
        if column in frame
        else [""] * len(frame)
        for column in ("name", "kind", "address")
    }
    exact = exactness(frame)
    found = []
    for row, facility in enumerate(frame["facility_id"].astype(str).tolist()):
        mine = links_of.get(facility, ())
        inside = None if mine else shared.get(facility)
        item = Item(
            facility, texts["name"][row] or facility, texts["kind"][row], texts["address"][row], str(exact[row]), row, mine, inside,
            min((link.score for link in mine), default=0.0), "open",
        )  # fmt: skip
        found.append(with_state(item, plan.entries))
    return found


def renewed(items: Mapping[str, Item], links: pd.DataFrame, entries: Entries) -> dict[str, Item]:
    """The same facilities with other links; what is as it was stays the same object."""
    shared, links_of = shared_of(links), _links(links)
    said = {*entries.table("joins"), *entries.table("reviews")}
    found = {}
    for facility, item in items.items():
        mine = links_of.get(facility, ())
        inside = None if mine else shared.get(facility)
        if mine != item.links or inside != item.shared:
            score = min((link.score for link in mine), default=0.0)
            found[facility] = with_state(replace(item, links=mine, shared=inside, score=score), entries)
        elif item.state != "open" or facility in said:
            found[facility] = with_state(item, entries)
        else:
            found[facility] = item
    return found


def with_state(item: Item, entries: Entries) -> Item:
    """The item as far as somebody has looked at it."""
    state = state_of(entries, item.facility_id, item.buildings)
    return item if state == item.state else replace(item, state=state)


def state_of(entries: Entries, facility_id: str, buildings: Collection[str]) -> str:
    """How far somebody has looked at these buildings of a facility; what was said of others counts no more."""
    review = entries.get("reviews", facility_id)
    if review is not None and sorted(review["building_ids"]) == sorted(buildings):
        return str(review["verdict"])
    return "person" if entries.get("joins", facility_id) is not None else "open"


def _links(links: pd.DataFrame) -> dict[str, tuple[Link, ...]]:
    """The links of each facility."""
    found: dict[str, list[Link]] = {}
    columns = [links[name].tolist() for name in ("facility_id", "building_id", "how", "distance_m", "score")]
    texts = links["evidence"].tolist() if "evidence" in links else [None] * len(links)
    for facility, building, how, distance, score, text in zip(*columns, texts, strict=True):
        if not isinstance(building, str):
            continue
        evidence = read_evidence(text)
        away = None if distance is None or np.isnan(distance) else float(distance)
        found.setdefault(str(facility), []).append(
            Link(building, str(how), away, float(score), evidence.why, evidence.others)
        )
    return {facility: tuple(each) for facility, each in found.items()}


def in_order(items: Collection[Item]) -> list[Item]:
    """The order of the review: what is settled last, what is put off before it, the least sure first."""
    rank = {state: place for place, state in enumerate(("open", "later"))}
    return sorted(items, key=lambda item: (rank.get(item.state, 2), item.score, item.row))


# ---------------------------------------------------------------------------------------------- candidates


@dataclass(frozen=True)
class Candidate:
    """An outline that may be meant: how far it is [m] (NaN without a place), its area, the facility that has it, and whether it is linked now."""

    building_id: str
    shape: Geometry
    distance_m: float
    area_m2: float
    worth: float
    owner: str
    linked: bool


class Candidates:
    """What lies near each facility of a plan; the tree of the outlines is made once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        frame = plan.results.buildings
        self._ids = frame["building_id"].astype(str).to_numpy(dtype=object)
        self._shapes = np.asarray(frame.geometry.array, dtype=object)
        self._area = np.nan_to_num(shapely.area(self._shapes))
        self._tree = shapely.STRtree(self._shapes)
        self._place = {str(name): k for k, name in enumerate(self._ids)}
        self._agreement = Agreement(plan.facilities, frame, Weights.of(plan.profile))
        self._points = np.asarray(plan.facilities.geometry.array, dtype=object)

    def goes_with(self, plan: Plan) -> bool:
        """Whether the outlines and the ledger are still the same."""
        return (
            plan.results.buildings is self.plan.results.buildings
            and plan.facilities is self.plan.facilities
            and plan.profile is self.plan.profile
        )

    def of(self, item: Item, owners: Mapping[str, str]) -> list[Candidate]:
        """At most nine: its own buildings, then those near by that agree best, the nearer first among equals.

        Parameters
        ----------
        owners : building -> facility that has it
        """
        own = [self._place[name] for name in item.buildings if name in self._place]
        point = self._points[item.row]
        if point is None or shapely.is_empty(point):
            point = self._shapes[own[0]] if own else None
        if point is None:
            return []
        near = [int(k) for k in self._tree.query(point, predicate="dwithin", distance=AROUND_M) if int(k) not in own]
        which = np.array([*own, *near], dtype=np.int64)
        away = shapely.distance(point, self._shapes[which])
        left = self._agreement.of_each(np.full(len(which), item.row, dtype=np.int64), which)
        worth = (1.0 - (1.0 - table().at_edge) * np.minimum(away / AROUND_M, 1.0)) * left
        order = sorted(
            range(len(which)),
            key=lambda k: (
                k >= len(own),
                k if k < len(own) else 0,
                -round(float(worth[k]), 6),
                float(away[k]),
                self._ids[which[k]],
            ),
        )
        return [
            Candidate(
                str(self._ids[which[k]]), self._shapes[which[k]], float(away[k]), float(self._area[which[k]]), float(worth[k]),
                owners.get(str(self._ids[which[k]]), ""), k < len(own),
            )
            for k in order[:MOST]
        ]  # fmt: skip

    def place_of(self, item: Item) -> tuple[float, float] | None:
        """Where the ledger, or the address, says that a facility is."""
        point = self._points[item.row]
        return None if point is None or shapely.is_empty(point) else (float(point.x), float(point.y))


# ---------------------------------------------------------------------------------------------- edits


def give(
    entries: Entries,
    facility_id: str,
    chosen: Collection[str],
    by: Author,
    shared: Collection[str] = (),
    *,
    beside: bool = False,
) -> Edit:
    """These are the buildings of a facility; what a person had given to another is taken from there in the same step.

    Parameters
    ----------
    shared : buildings in which it is besides, whose roof counts for another
    beside : who had a building by somebody's word is in it from now on
    """
    whole = edits.correct_join(entries, facility_id, chosen, by, shared)
    others = shares_of(entries)
    for other, named in joins_of(entries).items():
        rest = [name for name in named if name not in chosen]
        if other != facility_id and len(rest) != len(named):
            inside = [*others.get(other, ()), *(name for name in named if beside and name in chosen)]
            whole = followed_by(whole, edits.correct_join(apply(entries, whole), other, rest, by, inside))
    return whole


def settle_as(entries: Entries, item: Item, chosen: Collection[str], by: Author, shared: Collection[str] = ()) -> Edit:
    """Other buildings for a facility, seen and confirmed in one step."""
    joined = give(entries, item.facility_id, chosen, by, shared, beside=True)
    after = apply(entries, joined)
    seen = sorted(chosen) or sorted(shared)
    reviewed = edits.review_join(after, item.facility_id, "confirmed", seen, by)
    both = followed_by(joined, reviewed)
    return edit_of(
        entries, "ui.undo.join", {(c.table, c.key): c.after for c in both.changes}, facility=item.facility_id
    )


def confirm(entries: Entries, item: Item, by: Author) -> Edit:
    """The links are right."""
    return edits.review_join(entries, item.facility_id, "confirmed", item.buildings, by)


def put_off(entries: Entries, item: Item, by: Author) -> Edit:
    """Look at it later."""
    return edits.review_join(entries, item.facility_id, "later", item.buildings, by)


# ---------------------------------------------------------------------------------------------- counts


@dataclass(frozen=True)
class Tally:
    """How far a review is: facilities in all, settled, put off, and doubtful ones that nobody has settled."""

    total: int
    done: int
    later: int
    doubtful: int


def tally(items: Collection[Item], doubtful: float) -> Tally:
    """Count the items; ``doubtful`` is the score below which a link is to be looked at."""
    return Tally(
        len(items),
        sum(item.done for item in items),
        sum(item.state == "later" for item in items),
        sum(not item.done and item.score < doubtful for item in items),
    )

"""The facilities as a table: columns taken out of the frames once, rows sorted and filtered by index arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from kawasolar.answers.facilities import answers_frame
from kawasolar.half import years_frame
from ui import format as fmt
from ui.format import folded
from ui.inspector.reasons import kept_tip
from ui.look import Look
from ui.reasons import reason_text
from ui.status import STATUS_ICONS, STATUSES

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.plan import Plan

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column:
    """One column: where its values come from, how they are written, whether it is shown at first."""

    key: str
    kind: Literal["text", "number", "code", "status", "reason"]
    frame: Literal["ledger", "yields", "sites", "use", "programme", "answers"]
    digits: int = 0
    factor: float = 1.0
    width: int = 80
    shown: bool = True
    grouped: bool = True

    @property
    def figure(self) -> str:
        """Code under which a value of the column is explained."""
        return f"ledger.{self.key}" if self.frame == "ledger" else _EXPLAINED.get(self.key, self.key)


# What the table shows in words is explained as the choice.
_EXPLAINED = {"status": "chosen", "reason": "chosen", "programme_status": "programme_year"}


COLUMNS: tuple[Column, ...] = (
    Column("name", "text", "ledger", width=144),
    Column("status", "status", "sites", width=92),
    Column("capacity_kw", "number", "yields", digits=1, width=68),
    Column("energy_kwh", "number", "yields", digits=1, factor=0.001, width=68),
    Column("reason", "reason", "sites", width=200),
    Column("programme_year", "number", "programme", width=64, shown=False, grouped=False),
    Column("programme_status", "code", "programme", width=72, shown=False),
    Column("kind", "code", "ledger", width=84),
    Column("ward", "text", "ledger", width=80),
    Column("rank", "number", "sites", width=56),
    Column("irradiation_kwh_m2", "number", "yields", width=76),
    Column("co2_t", "number", "yields", digits=1, width=76, shown=False),
    Column("facility_id", "text", "ledger", width=88, shown=False),
    Column("address", "text", "ledger", width=200, shown=False),
    Column("department", "text", "ledger", width=120, shown=False),
    Column("modules", "number", "yields", width=72, shown=False),
    Column("roof_m2", "number", "yields", width=84, shown=False),
    Column("usable_m2", "number", "yields", width=84, shown=False),
    Column("specific_yield", "number", "yields", width=84, shown=False),
    Column("shading_loss", "number", "yields", digits=1, factor=100.0, width=76, shown=False),
    Column("snow_loss", "number", "yields", digits=1, factor=100.0, width=76, shown=False),
    Column("load_kwh", "number", "use", digits=1, factor=0.001, width=84, shown=False),
    Column("self_use_ratio", "number", "use", digits=1, factor=100.0, width=84, shown=False),
    Column("self_supply_ratio", "number", "use", digits=1, factor=100.0, width=84, shown=False),
    Column("surplus_kwh", "number", "use", digits=1, factor=0.001, width=84, shown=False),
    Column("peak_kw", "number", "use", digits=1, width=84, shown=False),
    Column("lighting_year", "number", "answers", width=64, shown=False, grouped=False),
    Column("lighting_saved_kwh", "number", "answers", digits=1, factor=0.001, width=76, shown=False),
    Column("lighting_saved_yen", "number", "answers", factor=0.001, width=76, shown=False),
    Column("electric_cars", "number", "answers", width=64, shown=False),
    Column("chargers", "number", "answers", width=64, shown=False),
    Column("annual_kwh", "number", "ledger", factor=0.001, width=84, shown=False),
    Column("built_year", "number", "ledger", width=64, shown=False, grouped=False),
    Column("waterproofed_year", "number", "ledger", width=76, shown=False, grouped=False),
    Column("remaining_years", "number", "ledger", width=76, shown=False),
)


class FacilityModel(QAbstractTableModel):
    """One row a facility; sorting and filtering move an index array, never the data."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.columns = COLUMNS
        self.ids: NDArray[np.object_] = np.array([], dtype=object)
        self._values: list[NDArray[Any]] = []
        self._texts: list[list[str]] = []
        self._status: NDArray[np.object_] = np.array([], dtype=object)
        # What a person said of it: icon and reason, both empty where nobody did.
        self._kept: dict[str, tuple[str, str]] = {}
        self._folded: list[str] = []
        # What the columns of answers were taken from.
        self._answers: object = None
        self._rows: NDArray[np.int64] = np.array([], dtype=np.int64)
        self._row_of: dict[str, int] = {}
        self._sort: tuple[int, Qt.SortOrder] | None = None
        self._needle = ""
        self._wanted: frozenset[str] = frozenset()
        self._wards: dict[str, tuple[int, str]] = {}

    # ---------------------------------------------------------------- data in

    def set_plan(self, plan: Plan | None) -> None:
        """Take the columns out of the frames."""
        self.beginResetModel()
        self._fill(plan)
        self._arrange()
        self.endResetModel()

    def _fill(self, plan: Plan | None) -> None:
        self._values, self._texts, self._answers = [], [], None
        if plan is None:
            self.ids = np.array([], dtype=object)
            self._status = np.array([], dtype=object)
            self._kept = {}
            self._folded = []
            return
        ledger = plan.facilities
        # The city's own order of its wards, and their names in both languages.
        self._wards = {
            name: (k, f"{ward.name_ja} {ward.name_en}")
            for k, ward in enumerate(plan.profile.tables.wards)
            for name in (ward.name_ja, ward.name_en)
        }
        self.ids = ledger["facility_id"].to_numpy(dtype=object)
        empty: NDArray[Any] = np.array([], dtype=object)
        self._values, self._texts = [empty] * len(self.columns), [[] for _ in self.columns]
        self._fill_from(ledger, "ledger")
        self._fill_from(plan.results.yields.set_index("facility_id").reindex(self.ids), "yields")
        # A plan of before has none.
        use = ledger[["facility_id"]] if plan.use is None else plan.use.frame.set_index("facility_id").reindex(self.ids)
        self._fill_from(use, "use")
        self._fill_sites(plan)
        self._folded = [
            folded(" ".join(self._ward_names(str(value)) for value in parts if not fmt.is_missing(value)))
            for parts in zip(
                *(
                    ledger[name].to_numpy(dtype=object)
                    for name in ("name", "kana", "facility_id", "address", "ward", "department")
                    if name in ledger
                ),
                strict=True,
            )
        ]

    def _ward_names(self, text: str) -> str:
        """A ward as it is called in either language; anything else as it stands."""
        return self._wards.get(text, (0, text))[1]

    def _fill_from(self, frame: pd.DataFrame, name: str) -> None:
        nothing: NDArray[Any] = np.full(len(self.ids), None, dtype=object)
        for k, column in enumerate(self.columns):
            if column.frame == name:
                raw = frame[column.key].to_numpy(dtype=object) if column.key in frame else nothing
                self._values[k], self._texts[k] = self._column(column, raw, frame)

    def _fill_sites(self, plan: Plan) -> None:
        sites = plan.half.sites.set_index("facility_id").reindex(self.ids)
        chosen = sites["chosen"].fillna(False).to_numpy(dtype=bool)
        self._status = np.where(chosen, "chosen", sites["status"].to_numpy(dtype=object)).astype(object)
        kept = {**dict.fromkeys(plan.settings.pins, "pin"), **dict.fromkeys(plan.settings.vetoes, "cancel")}
        self._kept = {facility: (icon, kept_tip(self._look, plan, facility)) for facility, icon in kept.items()}
        self._fill_from(sites, "sites")
        self._fill_from(_programme_of(plan).reindex(self.ids), "programme")
        # An answer comes and goes while all that was computed of roofs stays; a slider leaves it.
        if plan.answers is not self._answers:
            self._answers = plan.answers
            self._fill_from(answers_frame(plan).reindex(self.ids), "answers")

    def set_decision(self, plan: Plan) -> None:
        """The same facilities, decided anew: the view keeps its place."""
        self.layoutAboutToBeChanged.emit()
        before = {str(self.ids[k]): row for row, k in enumerate(self._rows)}
        self._fill_sites(plan)
        self._arrange()
        old = self.persistentIndexList()
        gone = {row: name for name, row in before.items()}
        new = [self.index(self._row_of.get(gone[i.row()], -1), i.column()) for i in old]
        self.changePersistentIndexList(old, new)
        self.layoutChanged.emit()

    def _column(self, column: Column, raw: NDArray[Any], sites: pd.DataFrame) -> tuple[NDArray[Any], list[str]]:
        if column.kind == "number":
            values = np.array([np.nan if fmt.is_missing(v) else float(v) for v in raw]) * column.factor
            plain = [fmt.MISSING if np.isnan(v) else f"{v:.0f}" for v in values]
            texts = [fmt.number(v, column.digits) for v in values] if column.grouped else plain
            return values, texts
        if column.kind == "status":
            order = {name: k for k, name in enumerate(STATUSES)}
            return np.array([order.get(s, 9) for s in self._status], dtype=float), [
                self._look.say(f"ui.status.{s}") for s in self._status
            ]
        if column.kind == "reason":
            details = sites["reason_values"].to_numpy(dtype=object)
            texts = [reason_text(self._look, code, values) for code, values in zip(raw, details, strict=True)]
            return np.array(texts, dtype=object), texts
        if column.kind == "code":
            texts = [fmt.MISSING if fmt.is_missing(v) else self._look.say_or(f"{column.key}.{v}", str(v)) for v in raw]
            return np.array(texts, dtype=object), texts
        texts = [fmt.MISSING if fmt.is_missing(v) else str(v) for v in raw]
        if column.key == "ward":
            after = len(self._wards)
            return np.array([f"{self._wards.get(t, (after, ''))[0]:03d} {t}" for t in texts], dtype=object), texts
        return np.array(texts, dtype=object), texts

    # ---------------------------------------------------------------- which rows, in which order

    def set_filter(self, needle: str, statuses: Iterable[str]) -> None:
        """Show rows that hold the words, of these statuses; no status means all."""
        self._needle, self._wanted = folded(needle), frozenset(statuses)
        self.beginResetModel()
        self._arrange()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sort = (column, order) if column >= 0 else None
        self.layoutAboutToBeChanged.emit()
        self._arrange()
        self.layoutChanged.emit()

    def _arrange(self) -> None:
        rows = np.arange(len(self.ids))
        if self._wanted:
            rows = rows[np.array([self._status[k] in self._wanted for k in rows], dtype=bool)]
        if self._needle:
            words = self._needle.split()
            rows = rows[np.array([all(word in self._folded[k] for word in words) for k in rows], dtype=bool)]
        if self._sort is not None and len(rows) and self._values:
            column, order = self._sort
            values = self._values[column][rows]
            down = order == Qt.SortOrder.DescendingOrder
            if values.dtype == object:
                place = np.array(
                    sorted(range(len(values)), key=lambda k: folded(values[k]), reverse=down), dtype=np.int64
                )
            else:
                # What is missing comes last, whichever way is up.
                place = np.argsort(-values if down else values, kind="stable")
            rows = rows[place]
        self._rows = rows
        self._row_of = {str(self.ids[k]): row for row, k in enumerate(rows)}

    def row_of(self, facility_id: str) -> int | None:
        """The shown row of a facility; None where it is filtered out."""
        return self._row_of.get(facility_id)

    def id_at(self, row: int) -> str:
        """The facility of a shown row."""
        return str(self.ids[self._rows[row]])

    def counts(self) -> dict[str, int]:
        """Facilities of each status, filtered or not."""
        return {status: int((self._status == status).sum()) for status in STATUSES}

    def find(self, needle: str, limit: int) -> list[tuple[str, str, str]]:
        """Facilities that hold the words: id, name, address."""
        words = folded(needle).split()
        if not words:
            return []
        names = self._texts[self._index("name")] if self._texts else []
        places = self._texts[self._index("address")] if self._texts else []
        hits = [k for k, text in enumerate(self._folded) if all(word in text for word in words)]
        return [(str(self.ids[k]), names[k], places[k]) for k in hits[:limit]]

    def _index(self, key: str) -> int:
        return next(k for k, column in enumerate(self.columns) if column.key == key)

    # ---------------------------------------------------------------- Qt's questions

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or not self._values:
            return None
        row, column = int(self._rows[index.row()]), self.columns[index.column()]
        icon, tip = self._kept.get(str(self.ids[row]), ("", ""))
        if role == Qt.ItemDataRole.ToolTipRole and column.kind == "status" and tip:
            return f"{self._texts[index.column()][row]}\n{tip}"
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._texts[index.column()][row]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.kind == "number" else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DecorationRole and column.kind == "status":
            name, colour = STATUS_ICONS.get(str(self._status[row]), STATUS_ICONS["ineligible"])
            return self._look.icon(icon or name, colour)
        if role == Qt.ItemDataRole.ForegroundRole:
            if column.kind == "status" and self._status[row] == "unknown":
                return QColor(self._look.tokens.attention)
            if self._status[row] == "ineligible" and column.kind != "text":
                return QColor(self._look.tokens.muted)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            unit = (
                self._look.say(f"ui.column.{column.key}.unit")
                if self._look.knows(f"ui.column.{column.key}.unit")
                else ""
            )
            heading = self._look.say(f"ui.column.{column.key}")
            return f"{heading}\n{unit}" if unit else heading
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._look.say_or(f"ui.column.{column.key}.tip", self.heading(section))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.kind == "number" else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def heading(self, section: int) -> str:
        """Heading and unit in one line."""
        return str(self.headerData(section, Qt.Orientation.Horizontal)).replace("\n", " ")


def _programme_of(plan: Plan) -> pd.DataFrame:
    """Year and status in the plan's programme, by facility; nothing where it has none."""
    frame = years_frame(plan)
    if not len(frame):
        return frame
    years = frame["programme_year"].astype(float)
    return frame.assign(programme_year=years.mask(years == 0))

"""What the ledger says of a facility, value by value; each can be corrected where it stands, with a reason."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QMenu, QWidget

from kawasolar.document.views import LEDGER_COLUMNS, mark_of
from ui import format as fmt
from ui.assumptions.fields import Row, bring_into_view, holds_keyboard, in_order
from ui.assumptions.marks import who_text, why_text
from ui.inspector.ledger_editor import LedgerEditor, ledger_text
from ui.look import Look
from ui.parts import button, clear, column, label, set_role

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from ui.document import Document
    from ui.inspector.gather import Site

# In the order in which people ask for them; then what nobody corrects here.
ORDER = (
    "name", "kana", "kind", "ward", "department", "address", "built_year", "structure", "seismic", "storeys", "floor_area_m2",
    "roof_type", "roofing", "roof_bears_n_m2", "waterproofed_year", "seismic_work_year", "remaining_years", "closure_year", "shelter", "flood_depth_m",
    "storm_surge_depth_m", "tsunami_depth_m", "landslide", "heritage", "annual_kwh", "contract_kw",
)  # fmt: skip
FIXED = ("facility_id", "latitude", "longitude")


class LedgerLine(QWidget):
    """One value as a row that opens.

    Signals
    -------
    submitted : column, value, reason
    reset_asked : column
    opened : column
    moved : column, +1 or -1
    why_asked : code of the figure
    person_asked
    """

    submitted = Signal(str, object, str)
    reset_asked = Signal(str)
    opened = Signal(str)
    moved = Signal(str, int)
    why_asked = Signal(str)
    person_asked = Signal()

    def __init__(self, look: Look, document: Document, name: str) -> None:
        super().__init__()
        self._look, self._document, self.column = look, document, name
        # F1 on the row asks why.
        self.setProperty("why", f"ledger.{name}")
        self._value: object = None
        self._read: object = None
        self._entry: dict[str, Any] | None = None
        self._absent = False
        self.editor: LedgerEditor | None = None
        self._layout = column(self, margin=0, spacing=0)
        self.head = Row(look)
        self.head.clicked.connect(self._toggle)
        self.head.moved.connect(lambda step: self.moved.emit(self.column, step))
        line = QHBoxLayout(self.head)
        line.setContentsMargins(4, 3, 4, 3)
        line.setSpacing(6)
        self.name = label(look.say(f"ui.column.{name}"), "muted", wrap=True)
        self.badge = label(look.say("ui.correct.badge"), "badge")
        set_role(self.badge, "accent", "tone")
        self.value = label("", wrap=True)
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight)
        line.addWidget(self.name, 4, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.value, 6)
        line.addWidget(self.head.pencil, 0, Qt.AlignmentFlag.AlignTop)
        self._layout.addWidget(self.head)
        self._below = QWidget()
        below = column(self._below, margin=0, spacing=0)
        below.setContentsMargins(4, 0, 4, 4)
        self.told = label("", "muted", wrap=True)
        self.reset = button(look.say("ui.correct.back"), "link")
        self.reset.setAutoDefault(False)
        self.reset.clicked.connect(lambda: self.reset_asked.emit(self.column))
        below.addWidget(self.told)
        below.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignLeft)
        self._layout.addWidget(self._below)

    def show_value(
        self, value: object, read: object, entry: dict[str, Any] | None, *, heading: str, absent: bool = False
    ) -> None:
        """Show the value of now, what the file says, and who corrected it; an open editor stays while nothing changed."""
        look = self._look
        same = (
            self._entry == entry and self._absent == absent and _equal(self._value, value) and _equal(self._read, read)
        )
        self._value, self._read, self._entry, self._absent = value, read, entry, absent
        missing = fmt.is_missing(value)
        self.value.setText(ledger_text(look, self.column, value) if not absent else look.say("ui.correct.absent"))
        set_role(self.value, "accent" if entry is not None else "", "tone")
        set_role(self.value, "muted" if missing and entry is None else "")
        self.badge.setVisible(entry is not None)
        self._below.setVisible(entry is not None)
        if entry is not None:
            self._tell(entry)
        parts = [self.name.text(), self.value.text(), look.say("ui.correct.badge") if entry is not None else ""]
        self.head.setAccessibleName(look.say("ui.list.comma").join(part for part in parts if part))
        self.head.setAccessibleDescription(look.say("ui.correct.open_tip"))
        self.head.setToolTip("\n".join(part for part in (heading, look.say("ui.correct.open_tip")) if part))
        if not same:
            self.close_editor()

    def _tell(self, entry: dict[str, Any]) -> None:
        look, mark = self._look, mark_of(entry)
        was = ledger_text(look, self.column, entry["read"])
        words = [
            look.say("ui.correct.told", value=was, why=why_text(look, mark)),
            who_text(look, mark),
        ]
        if not _equal(entry["read"], self._read):
            words.append(look.say("ui.correct.moved", value=ledger_text(look, self.column, self._read)))
        self.told.setText("\n".join(words))
        self.reset.setToolTip(ledger_text(look, self.column, self._read))
        self.reset.setAccessibleName(f"{self.name.text()}: {self.reset.text()}")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu().exec(event.globalPos())

    def menu(self) -> QMenu:
        """What can be done with the value."""
        look, made = self._look, QMenu(self)
        made.addAction(look.icon("pencil-outline"), look.say("ui.correct.open"), self.open_editor)
        reset = QAction(look.icon("backup-restore"), look.say("ui.correct.back"), made)
        reset.triggered.connect(lambda: self.reset_asked.emit(self.column))
        reset.setEnabled(self._entry is not None)
        made.addAction(reset)
        made.addSeparator()
        why = made.addAction(look.icon("help-circle-outline"), look.say("ui.why.ask"))
        why.triggered.connect(lambda: self.why_asked.emit(f"ledger.{self.column}"))
        why.setEnabled(not self._absent)
        return made

    # ---------------------------------------------------------------- the editor

    def _toggle(self) -> None:
        if self.editor is None:
            self.open_editor()
        else:
            self.close_editor()

    def open_editor(self) -> None:
        """Show the editor below the row, the cursor in its field."""
        if self.editor is None:
            editor = self.editor = LedgerEditor(
                self._look,
                self._document,
                self.column,
                value=self._value,
                read=self._read,
                why="" if self._entry is None else str(self._entry["why"]),
                absent=self._absent,
            )
            editor.submitted.connect(lambda value, why: self.submitted.emit(self.column, value, why))
            editor.left.connect(self.close_editor)
            editor.person_asked.connect(self.person_asked)
            self._layout.addWidget(editor)
            in_order(self.head, *editor.stops)
            editor.show()
            self.opened.emit(self.column)
        self.editor.field.setFocus()
        select = getattr(self.editor.field, "selectAll", None)
        if select is not None:
            select()
        bring_into_view(self)

    def close_editor(self) -> None:
        """Leave the editor; the keyboard goes back to the row."""
        editor, self.editor = self.editor, None
        if editor is None:
            return
        held = holds_keyboard(editor)
        editor.hide()
        self._layout.removeWidget(editor)
        editor.deleteLater()
        if held:
            self.head.setFocus()


class LedgerSection(QWidget):
    """台帳.

    Signals
    -------
    why_asked : code of a figure
    person_asked : the person's name is to be changed
    """

    why_asked = Signal(str)
    person_asked = Signal()

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document = look, document
        self._facility = ""
        self._plan: Plan | None = None
        self._shown: tuple[object, ...] | None = None
        layout = column(self, margin=0, spacing=2)
        self.head = label("", "head", wrap=True)
        layout.addWidget(self.head)
        self.lines: dict[str, LedgerLine] = {}
        for name in (*ORDER, *(key for key in LEDGER_COLUMNS if key not in ORDER)):
            line = self.lines[name] = LedgerLine(look, document, name)
            line.submitted.connect(self._take)
            line.reset_asked.connect(self._reset)
            line.opened.connect(self._on_opened)
            line.moved.connect(self._move)
            line.why_asked.connect(self.why_asked)
            line.person_asked.connect(self.person_asked)
            layout.addWidget(line)
        self.more = button("", "link")
        self.more.setAutoDefault(False)
        self.more.setCheckable(True)
        self.more.toggled.connect(lambda _on: self._show_absent())
        layout.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self._fixed = QGridLayout()
        self._fixed.setContentsMargins(4, 4, 24, 0)
        self._fixed.setHorizontalSpacing(8)
        self._fixed.setVerticalSpacing(4)
        layout.addLayout(self._fixed)
        self.note = label(look.say("ui.correct.fixed"), "muted", wrap=True)
        self.note.setContentsMargins(4, 0, 4, 0)
        layout.addWidget(self.note)

    # ---------------------------------------------------------------- state

    def show_site(self, plan: Plan, site: Site) -> None:
        """Show one facility."""
        entered = plan.entries.table("ledger")
        shown = (site.facility_id, plan.facilities, plan.read, entered)
        if self._shown is not None and all(a is b for a, b in zip(shown, self._shown, strict=True)):
            # A slider that is dragged decides anew many times a second, and changes nothing here.
            self._plan = plan
            return
        self._shown = shown
        look, ledger = self._look, site.ledger
        if site.facility_id != self._facility:
            for line in self.lines.values():
                line.close_editor()
        self._plan, self._facility = plan, site.facility_id
        file = next((PurePath(entry.path).name for entry in plan.inputs if entry.role == "facilities"), "")
        self.head.setText(look.say("ui.correct.head", row=fmt.number(ledger.get("source_row")), file=file))
        said = read_row(plan, site.facility_id)
        headings = plan.read.columns if plan.read is not None else {}
        for name, line in self.lines.items():
            entry = entered.get(f"{name}/{site.facility_id}")
            read = said.get(name) if plan.read is not None or entry is None else entry["read"]
            absent = name not in ledger.index
            heading = look.say("ui.correct.heading", heading=headings[name]) if name in headings else ""
            line.show_value(ledger.get(name), read, entry, heading=heading, absent=absent)
        self._show_absent()
        self._show_fixed(site)

    def _absent(self) -> list[str]:
        return [] if self._plan is None else [name for name in self.lines if name not in self._plan.facilities.columns]

    def _show_absent(self) -> None:
        """Columns that the ledger lacks are shown on demand: a value entered there asks it of all facilities."""
        absent = self._absent()
        for name, line in self.lines.items():
            line.setVisible(name not in absent or self.more.isChecked())
        self.more.setVisible(bool(absent))
        code = "ui.correct.less" if self.more.isChecked() else "ui.correct.more"
        self.more.setText(self._look.say(code, number=len(absent)))

    def _show_fixed(self, site: Site) -> None:
        clear(self._fixed)
        look, ledger = self._look, site.ledger
        known = [name for name in FIXED if name in ledger.index and not fmt.is_missing(ledger[name])]
        for k, name in enumerate(known):
            value = ledger[name]
            words = str(value) if name == "facility_id" else f"{float(value):.6f}°"
            self._fixed.addWidget(label(look.say(f"ui.column.{name}"), "muted"), k, 0)
            shown = label(words)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._fixed.addWidget(shown, k, 1, Qt.AlignmentFlag.AlignRight)
        self._fixed.setColumnStretch(0, 1)

    def open_column(self, name: str) -> None:
        """Open the editor of a value, also of one that the ledger has no column for."""
        if name in self.lines:
            self.more.setChecked(self.more.isChecked() or name in self._absent())
            self.lines[name].open_editor()

    def show_person(self) -> None:
        """The person is called otherwise now."""
        for line in self.lines.values():
            if line.editor is not None:
                line.editor.show_person()

    # ---------------------------------------------------------------- changes

    def _on_opened(self, name: str) -> None:
        for other, line in self.lines.items():
            if other != name:
                line.close_editor()

    def _move(self, name: str, step: int) -> None:
        keys = [key for key, line in self.lines.items() if not line.isHidden()]
        place = keys.index(name) + step
        if 0 <= place < len(keys):
            self.lines[keys[place]].head.setFocus()
            bring_into_view(self.lines[keys[place]])

    def _take(self, name: str, value: object, why: str) -> None:
        from kawasolar.document.edits import BadEdit, correct_ledger

        document, line = self._document, self.lines[name]
        if document.entries is None or self._plan is None:
            return
        entry = document.entries.get("ledger", f"{name}/{self._facility}")
        if entry is not None and (entry["value"], entry["why"]) == (value, why):
            line.close_editor()
            return
        read = self._read(name)
        try:
            edit = correct_ledger(document.entries, self._facility, name, value, read, document.author(why))
        except BadEdit as error:
            if line.editor is not None:
                line.editor.refuse(self._look.say_error(error))
            return
        line.close_editor()
        document.do(edit)
        line.head.setFocus()

    def _read(self, name: str) -> object:
        from kawasolar.document.views import read_value

        document, plan = self._document, self._plan
        if plan is None or document.entries is None:
            return None
        entry = document.entries.get("ledger", f"{name}/{self._facility}")
        return read_value(plan, self._facility, name) if plan.read is not None or entry is None else entry["read"]

    def _reset(self, name: str) -> None:
        from kawasolar.document.edits import correct_ledger

        document, read = self._document, self._read(name)
        if document.entries is not None:
            document.do(correct_ledger(document.entries, self._facility, name, read, read, document.author()))
            self.lines[name].head.setFocus()


def read_row(plan: Plan, facility_id: str) -> dict[str, object]:
    """What the file says of a facility, column by column, as :func:`kawasolar.document.views.read_value` has it."""
    frame = plan.facilities if plan.read is None else plan.read.frame
    row = frame.loc[(frame["facility_id"] == facility_id).to_numpy(dtype=bool)].iloc[0]
    values = {str(name): row[name] for name in frame.columns if name in LEDGER_COLUMNS}
    return {
        name: None if fmt.is_missing(value) else value.item() if hasattr(value, "item") else value
        for name, value in values.items()
    }


def _equal(one: object, other: object) -> bool:
    """Equal, or both missing."""
    return (
        fmt.is_missing(one) and fmt.is_missing(other) if fmt.is_missing(one) or fmt.is_missing(other) else one == other
    )

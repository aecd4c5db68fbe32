"""The table of facilities below the map: filter, sort, copy, pin and veto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QByteArray,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ui.document import Document
from ui.inspector.reasons import ask_reason
from ui.look import Look
from ui.parts import DockTitle, button, tool
from ui.settings import Remembered
from ui.status import STATUS_ICONS, STATUSES
from ui.table_model import FacilityModel

if TYPE_CHECKING:
    from ui.inspector.reasons import Kind


class SentenceDelegate(QStyledItemDelegate):
    """Sentences lose their end, not their middle: the beginning says most."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideRight


class Header(QHeaderView):
    """Headings in two lines: the name, and below it the unit."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setSectionsClickable(True)
        self.setSectionsMovable(True)
        self.setHighlightSections(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setStretchLastSection(True)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803 - Qt's names
        """The name in ink, the unit below it; a mark over the column that is sorted by."""
        model = self.model()
        if not rect.isValid():
            return
        painter.save()
        painter.fillRect(rect, self.palette().base())
        painter.setPen(self.palette().mid().color())
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        words = str(model.headerData(logicalIndex, Qt.Orientation.Horizontal)).split("\n")
        align = Qt.AlignmentFlag(
            int(model.headerData(logicalIndex, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole))
        )
        space = rect.adjusted(6, 4, -6, -4)
        if self.isSortIndicatorShown() and self.sortIndicatorSection() == logicalIndex:
            up = self.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder
            # Beside the unit where there is one: the name needs its room.
            words[-1] = f"{'▲' if up else '▼'} {words[-1]}"
        step = self.fontMetrics().lineSpacing()
        top = space.top() + (space.height() - step * len(words)) // 2
        for k, line in enumerate(words):
            painter.setPen(self.palette().text().color() if k == 0 else self.palette().placeholderText().color())
            shown = self.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, space.width())
            painter.drawText(QRect(space.left(), top + k * step, space.width(), step), int(align), shown)
        painter.restore()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), 2 * self.fontMetrics().lineSpacing() + 14)


# Widths [px] between which the reasons follow the window.
LEAST_REASON, MOST_REASON = 160, 720


class FacilityTable(QWidget):
    """The dock's body; ``title`` is the bar that goes above it.

    Signals
    -------
    zoom_asked : facility id
    why_asked : facility id, and code of a figure
    """

    zoom_asked = Signal(str)
    why_asked = Signal(str, str)

    def __init__(self, look: Look, document: Document, remembered: Remembered) -> None:
        super().__init__()
        self._look, self._document, self._remembered = look, document, remembered
        self.setObjectName("dockBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = FacilityModel(look)
        self.view = QTableView()
        self._setting = False
        # Words are of other lengths in another language.
        self._kept_as = f"table-{look.language}"
        self._fitted = not remembered.bytes_of(self._kept_as).isEmpty()
        # Until the user sets widths or the order, the reasons take what room there is.
        self._automatic = not self._fitted or not remembered.bytes_of(f"{self._kept_as}-auto").isEmpty()
        self._fitting = False
        self._build_view()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 1, 1)
        layout.addWidget(self.view)
        self.title = DockTitle(look, look.say("ui.dock.table"))
        self.chips: dict[str, QPushButton] = {}
        self.filter = QLineEdit()
        self._build_title()
        document.plan_changed.connect(self.refresh)
        document.decision_changed.connect(self._redecide)
        document.selection_changed.connect(self._show_selection)
        self.refresh()

    def _build_view(self) -> None:
        view = self.view
        view.setModel(self.model)
        view.setHorizontalHeader(Header())
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        view.setTabKeyNavigation(False)
        view.setIconSize(QSize(16, 16))
        sentences = [k for k, column in enumerate(self.model.columns) if column.kind == "reason"]
        for k in sentences:
            view.setItemDelegateForColumn(k, SentenceDelegate(view))
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(28)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setAccessibleName(self._look.say("ui.dock.table"))
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._show_menu)
        header = view.horizontalHeader()
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda at: self._column_menu().exec(header.mapToGlobal(at)))
        for k, column in enumerate(self.model.columns):
            heading = max(
                header.fontMetrics().horizontalAdvance(line)
                for line in str(self.model.headerData(k, Qt.Orientation.Horizontal)).split("\n")
            )
            view.setColumnWidth(k, max(column.width, heading + 16))
            view.setColumnHidden(k, not column.shown)
        state = self._remembered.bytes_of(self._kept_as)
        if not state.isEmpty():
            header.restoreState(state)
        view.setSortingEnabled(True)
        if state.isEmpty():
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            header.setSortIndicatorClearable(True)
        header.sectionResized.connect(self._on_user_layout)
        header.sectionMoved.connect(self._on_user_layout)
        view.selectionModel().selectionChanged.connect(self._on_selected)
        view.doubleClicked.connect(lambda index: self.zoom_asked.emit(self.model.id_at(index.row())))
        copy = QAction(self._look.say("ui.menu.copy"), view)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        view.addAction(copy)

    def _build_title(self) -> None:
        say = self._look.say
        for status in STATUSES:
            chip = button("", "chip", tip=say("ui.table.chip", status=say(f"ui.status.{status}")))
            chip.setCheckable(True)
            chip.toggled.connect(self._apply_filter)
            name, role = STATUS_ICONS[status]
            chip.setIcon(self._look.icon(name, role))
            chip.setIconSize(QSize(14, 14))
            self.chips[status] = chip
            self.title.put(chip)
        self.filter.setPlaceholderText(say("ui.table.filter"))
        self.filter.setAccessibleName(say("ui.table.filter"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setMinimumWidth(80)
        self.filter.setMaximumWidth(180)
        self.filter.textChanged.connect(self._apply_filter)
        self.title.put(self.filter, stretch=1)
        columns = tool(self._look, "table-column", say("ui.table.columns"), role="muted", size=16)
        columns.clicked.connect(lambda: self._column_menu().exec(columns.mapToGlobal(QPoint(0, columns.height()))))
        self.title.put(columns)
        self.title.resized.connect(self._fit_title)

    # ---------------------------------------------------------------- data

    def refresh(self) -> None:
        """Take the plan's columns anew and keep the selection."""
        self._setting = True
        self.model.set_plan(self._document.plan)
        self._setting = False
        self._fit_columns()
        self._show_counts()
        self._show_selection(self._document.selected)

    def _redecide(self) -> None:
        """Another decision on the same facilities."""
        plan = self._document.plan
        if plan is not None:
            self._setting = True
            self.model.set_decision(plan)
            self._setting = False
            self._show_counts()
            self._show_selection(self._document.selected)

    def _show_counts(self) -> None:
        counts = self.model.counts()
        for status, chip in self.chips.items():
            words = f"{self._look.say(f'ui.status.{status}')} {counts[status]:,}"
            chip.setAccessibleName(self._look.say("ui.table.chip", status=words))
        self._fit_title(self.title.width())

    def _fit_columns(self) -> None:
        """As wide as their words, once; after that the user's widths count."""
        if self._fitted or not len(self.model.ids):
            return
        self._fitted = True
        header = self.view.horizontalHeader()
        self._fitting = True
        for k, column in enumerate(self.model.columns):
            if not self.view.isColumnHidden(k) and (column.kind in ("status", "code") or column.key == "ward"):
                self.view.resizeColumnToContents(k)
                self.view.setColumnWidth(k, min(136, max(header.sectionSize(k), 56)))
        self._fitting = False
        self._fit_reason()

    def _on_user_layout(self, *_what: int) -> None:
        if not self._fitting and self.view.isVisible() and QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._automatic = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_reason()

    def _fit_reason(self) -> None:
        """The reasons end where the view ends, as far as they can be read there; what is less asked for comes after."""
        if not self._automatic or self._fitting or not len(self.model.ids):
            return
        header = self.view.horizontalHeader()
        keys = [column.key for column in self.model.columns]
        place = keys.index("reason")
        before = header.sectionViewportPosition(place) + header.offset()
        self._fitting = True
        wide = self.view.viewport().width() - before
        self.view.setColumnWidth(place, min(MOST_REASON, max(LEAST_REASON, wide)))
        self._fitting = False

    def _fit_title(self, width: int) -> None:
        """Chips with words where there is room for them, else with their number alone."""
        counts = self.model.counts()
        words = {status: f"{self._look.say(f'ui.status.{status}')} {counts[status]:,}" for status in self.chips}
        metrics = self.fontMetrics()
        fixed = self.title.name.sizeHint().width() + self.filter.minimumWidth() + 140
        roomy = fixed + sum(metrics.horizontalAdvance(text) + 44 for text in words.values()) <= width
        for status, chip in self.chips.items():
            chip.setText(words[status] if roomy else f"{counts[status]:,}")

    def show_only(self, statuses: list[str]) -> None:
        """Filter by these statuses."""
        for status, chip in self.chips.items():
            chip.setChecked(status in statuses)

    def _apply_filter(self) -> None:
        self._setting = True
        self.model.set_filter(self.filter.text(), [status for status, chip in self.chips.items() if chip.isChecked()])
        self._setting = False
        self._show_selection(self._document.selected)

    # ---------------------------------------------------------------- selection

    def selected_ids(self) -> list[str]:
        """Facilities of the selected rows, in the order of the table."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        return [self.model.id_at(row) for row in rows]

    def _on_selected(self, chosen: QItemSelection, gone: QItemSelection) -> None:
        if self._setting:
            return
        current = self.view.selectionModel().currentIndex()
        ids = self.selected_ids()
        if not ids:
            return
        wanted = self.model.id_at(current.row()) if current.isValid() else ids[0]
        self._setting = True
        self._document.select(wanted if wanted in ids else ids[0])
        self._setting = False

    def _show_selection(self, facility_id: object) -> None:
        if self._setting:
            return
        self._setting = True
        row = self.model.row_of(str(facility_id)) if facility_id is not None else None
        selection = self.view.selectionModel()
        if row is None:
            selection.clear()
        elif str(facility_id) not in self.selected_ids():
            index = self.model.index(row, 0)
            flags = QItemSelectionModel.SelectionFlag
            selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.view.scrollTo(index)
        self._setting = False

    # ---------------------------------------------------------------- menus

    def copy(self) -> None:
        """Put the selected rows on the clipboard as tab-separated text, headings first."""
        header = self.view.horizontalHeader()
        order = [header.logicalIndex(k) for k in range(header.count())]
        shown = [k for k in order if not self.view.isColumnHidden(k)]
        lines = ["\t".join(self.model.heading(k) for k in shown)]
        rows = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        lines += ["\t".join(str(self.model.data(self.model.index(row, k)) or "") for k in shown) for row in rows]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def menu(self, index: QModelIndex | None = None) -> QMenu:
        """What can be done with the selected facilities, and with one cell."""
        look, document, ids = self._look, self._document, self.selected_ids()
        made = QMenu(self)
        settings = document.settings
        pin = made.addAction(look.icon("pin-outline"), look.say("ui.menu.pin"), lambda: document.pin(ids))
        why = made.addAction(look.icon("pin-outline"), look.say("ui.menu.pin_why"), lambda: self.ask("pin"))
        veto = made.addAction(look.icon("cancel"), look.say("ui.menu.veto_why"), lambda: self.ask("veto"))
        release = made.addAction(
            look.icon("backup-restore"), look.say("ui.menu.release"), lambda: document.release(ids)
        )
        pin.setEnabled(settings is not None and not set(ids) <= settings.pins)
        for asked in (why, veto):
            asked.setEnabled(settings is not None)
        release.setEnabled(settings is not None and bool(set(ids) & (settings.pins | settings.vetoes)))
        made.addSeparator()
        made.addAction(
            look.icon("image-filter-center-focus"), look.say("ui.menu.zoom"), lambda: self.zoom_asked.emit(ids[0])
        )
        made.addAction(look.icon("content-copy"), look.say("ui.menu.copy"), self.copy)
        if index is not None and index.isValid():
            made.addSeparator()
            made.addAction(look.icon("help-circle-outline"), look.say("ui.table.why"), lambda: self.ask_why(index))
        return made

    def ask(self, kind: Kind) -> None:
        """A veto, or a pin, of the selected facilities with its reason."""
        ids = self.selected_ids()
        ask_reason(self._look, self._document, kind, ids, self.view, self.place_of(ids))

    def place_of(self, ids: list[str]) -> QRect | None:
        """Where the first of some facilities stands in the view; None where it is not seen."""
        row = self.model.row_of(ids[0]) if ids and self.view.isVisible() else None
        if row is None:
            return None
        found = self.view.visualRect(self.model.index(row, 0))
        shown = found.intersected(self.view.viewport().rect())
        return None if shown.isEmpty() else shown.translated(self.view.viewport().pos())

    def _show_menu(self, at: QPoint) -> None:
        if self.selected_ids():
            self.menu(self.view.indexAt(at)).exec(self.view.viewport().mapToGlobal(at))

    def ask_why(self, index: QModelIndex | None = None) -> bool:
        """Ask why a cell holds what it does, the current one unless given; False where there is none."""
        cell = self.view.currentIndex() if index is None else index
        if not cell.isValid():
            return False
        self.why_asked.emit(self.model.id_at(cell.row()), self.model.columns[cell.column()].figure)
        return True

    def _column_menu(self) -> QMenu:
        made = QMenu(self)
        for k in range(len(self.model.columns)):
            action = made.addAction(self.model.heading(k))
            action.setCheckable(True)
            action.setChecked(not self.view.isColumnHidden(k))
            action.setEnabled(self.model.columns[k].key != "name")
            action.toggled.connect(lambda shown, k=k: self.view.setColumnHidden(k, not shown))
        return made

    def keep(self) -> None:
        """Remember the columns."""
        self._remembered.keep_bytes(self._kept_as, self.view.horizontalHeader().saveState())
        self._remembered.keep_bytes(f"{self._kept_as}-auto", QByteArray(b"1" if self._automatic else b""))

"""The map's tools and the document: what is drawn and picked becomes edits, and what was edited is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely
from PySide6.QtCore import QObject, QPoint, QRect, QTimer, Signal

from kawasolar.document import edits
from ui.map.drawing import DrawKeepout
from ui.map.entering import building_name, facility_name, join_edit, reshape_edit
from ui.map.keepouts import SHOWN_FROM, Keepout, drawn_on
from ui.map.picking import PickBuildings
from ui.map.plates import Offer
from ui.map.reshaping import ReshapeKeepout

if TYPE_CHECKING:
    from ui.document import Document
    from ui.look import Look
    from ui.map.tool import Tool
    from ui.map.view import MapView

KEEPOUT_REASONS = ("aircon", "tank", "path", "waterproofing", "green", "aerial", "refuge", "access", "other")
# Reasons that have a rule of their own.
_PURPOSES = ("refuge", "access")
JOIN_REASONS = ("place", "shared", "rebuilt", "other")
# What was just done stays on the map so long [ms].
_TOLD_FOR = 9000
# A keep-out that is shown has so much ground around it [m].
_AROUND = 15.0


class MapTools(QObject):
    """Owns the tool in use and the words about it; lives as long as the map.

    Signals
    -------
    mode_changed : ``draw``, ``pick`` or empty
    run_asked : the person wants what is stale computed
    """

    mode_changed = Signal(str)
    run_asked = Signal()

    def __init__(self, view: MapView, document: Document, look: Look) -> None:
        super().__init__(view)
        self._view, self._document, self._look = view, document, look
        self.tool: Tool | None = None
        # What was just done, and what can be done about it.
        self._told: tuple[str, dict[str, Any]] | None = None
        # What the banner was last written from.
        self._said: object = None
        self._quiet = QTimer(self, singleShot=True, interval=_TOLD_FOR)
        self._quiet.timeout.connect(self._forget_told)
        cards = view.cards
        cards.banner.asked.connect(self._on_banner)
        cards.reason.given.connect(self._on_reason)
        cards.reason.dropped.connect(self._on_reason_dropped)
        cards.buttons.button["draw"].clicked.connect(self.toggle_draw)
        view.keepout_picked.connect(self.select_keepout)
        view.view_changed.connect(self._place_reason)
        view.scene_changed.connect(self.refresh)
        view.dressed.connect(self.write)
        document.entries_changed.connect(lambda tables: self.refresh() if {"keepouts", "joins"} & tables else None)
        document.states_changed.connect(self.refresh)
        document.plan_changed.connect(self._on_plan)
        document.selection_changed.connect(lambda _id: self._leave_if_idle())
        self.refresh()

    # ---------------------------------------------------------------- what the window calls

    @property
    def mode(self) -> str:
        """``draw``, ``pick``, or empty."""
        if isinstance(self.tool, DrawKeepout):
            return "draw"
        return "pick" if isinstance(self.tool, PickBuildings) else ""

    def toggle_draw(self) -> None:
        """Draw keep-outs, or no longer."""
        if self.mode == "draw":
            self.leave()
        elif self._document.plan is not None:
            tool = DrawKeepout(lambda: self._view.scene, lambda: self._view.keepouts.shapes)
            tool.closed.connect(self._ask_keepout_reason)
            tool.dropped.connect(self._on_reason_dropped)
            tool.ended.connect(self.leave)
            self._use(tool)

    def pick(self, facility_id: str | None = None) -> None:
        """Choose the buildings of a facility; the selected one unless given."""
        plan, name = self._document.plan, facility_id or self._document.selected
        if plan is None:
            return
        if not self._document.has(name) or name is None:
            self._tell("ui.tool.pick.no_facility", title="ui.tool.pick.no_facility_title")
            return
        links = plan.results.links.dropna(subset=["building_id"])
        mine = links.loc[links["facility_id"] == name, "building_id"].astype(str).tolist()
        owners = dict(zip(links["building_id"].astype(str), links["facility_id"].astype(str), strict=True))
        owners.update(dict.fromkeys(mine, name))
        tool = PickBuildings(lambda: self._view.scene, name, mine, owners)
        tool.done.connect(self._ask_join_reason)
        tool.ended.connect(self.leave)
        self._document.select(name)
        self._use(tool)
        self._view.set_selected(name, reveal=True)
        if self._view.viewport().scale > SHOWN_FROM:
            self._view.zoom_to(name)

    def review(self, tool: Tool | None) -> None:
        """Let the outlines of a review be seen until another tool is taken, the keyboard staying where it is; None takes them away."""
        self._use(tool, focus=False)

    def leave(self) -> None:
        """Put the tool away."""
        self._use(None)

    def select_keepout(self, key: str) -> None:
        """Select a keep-out; its facility is selected with it. Empty selects none."""
        row = self._view.keepouts.row(key)
        self._view.keepouts.selected = key if row is not None else None
        if row is None:
            if isinstance(self.tool, ReshapeKeepout):
                self.leave()
            return
        if row.facility_id and self._document.selected != row.facility_id:
            self._document.select(row.facility_id)
        tool = ReshapeKeepout(row, lambda: self._view.scene)
        tool.changing.connect(lambda on, key=row.key: self._view.keepouts.hide(key if on else None))
        tool.reshaped.connect(lambda shape, key=row.key: self._reshape(key, shape))
        tool.removed.connect(lambda key=row.key: self.remove_keepout(key))
        tool.ended.connect(lambda: self.select_keepout(""))
        self._use(tool)

    def zoom_to_keepout(self, key: str) -> None:
        """Show a keep-out on the map and select it."""
        row = self._view.keepouts.row(key)
        if row is not None:
            west, south, east, north = shapely.bounds(row.shape).tolist()
            self._view.fill_with((west - _AROUND, south - _AROUND, east + _AROUND, north + _AROUND), 0.8)
            self.select_keepout(key)

    def remove_keepout(self, key: str) -> None:
        """Take a keep-out away."""
        entries, row = self._document.entries, self._view.keepouts.row(key)
        if entries is not None and row is not None:
            self.leave()
            self._document.do(edits.remove_keepouts(entries, [key]))
            self._tell("ui.tool.draw.removed", name=row.facility)

    # ---------------------------------------------------------------- the tool in use

    def _use(self, tool: Tool | None, *, focus: bool = True) -> None:
        before, mode = self.tool, self.mode
        self._view.cards.reason.hide()
        self._view.keepouts.hide(None)
        if not isinstance(tool, ReshapeKeepout):
            self._view.keepouts.selected = None
        self.tool, self._told, self._said = tool, None, None
        if tool is not None:
            tool.setParent(self)
            tool.changed.connect(self._on_tool)
        self._view.use_tool(tool)
        if before is not None:
            before.deleteLater()
        if focus and (tool is not None or before is not None):
            self._view.setFocus()
        self.write()
        if self.mode != mode:
            self.mode_changed.emit(self.mode)

    def _on_tool(self) -> None:
        """The tool looks different; words are written anew only where they are other words."""
        telling = self.tool.telling() if self.tool is not None else None
        if telling != self._said:
            self._said = telling
            self.write()

    def _leave_if_idle(self) -> None:
        """Another facility was selected elsewhere: a choice of buildings that was not changed is over."""
        tool = self.tool
        if isinstance(tool, PickBuildings) and self._document.selected != tool.facility_id and not tool.is_changed:
            self.leave()

    def _on_plan(self) -> None:
        """Other results, another scenario or another project: a tool whose subject is gone is put away."""
        tool = self.tool
        gone = self._document.plan is None
        if isinstance(tool, PickBuildings):
            gone = gone or not self._document.has(tool.facility_id)
        if gone:
            self.leave()
        self.refresh()

    def refresh(self) -> None:
        """Show the keep-outs as they are now."""
        plan = self._document.plan
        rows = drawn_on(plan) if plan is not None else []
        before = self._view.keepouts.selected
        self._view.show_keepouts(rows)
        if isinstance(self.tool, ReshapeKeepout):
            row = self._view.keepouts.row(before)
            if row is None:
                self.leave()
            elif row.shape != self.tool.row.shape or row.computed != self.tool.row.computed:
                self.tool.show_row(row)
        self.write()

    # ---------------------------------------------------------------- edits

    def _author(self, why: str) -> edits.Author:
        return self._document.author(why)

    def _ask_keepout_reason(self) -> None:
        self._ask()

    def _ask_join_reason(self) -> None:
        tool = self.tool
        if not isinstance(tool, PickBuildings):
            return
        if tool.is_changed:
            self._ask()
        else:
            self.leave()

    def _ask(self) -> None:
        self._write_reason()
        self._view.cards.reason.ask(self._subject(), self._view.size())
        self.write()

    def _purpose(self, why: str) -> str:
        """That of the reason which the words begin with."""
        words = ((name, self._look.say(f"ui.tool.why.{name}")) for name in _PURPOSES)
        return next((name for name, begin in words if why.startswith(begin)), "other")

    def _on_reason(self, why: str) -> None:
        tool, entries = self.tool, self._document.entries
        if entries is None:
            return
        if isinstance(tool, DrawKeepout) and tool.waiting is not None:
            shape, roof = tool.waiting, tool.roof
            edit = edits.add_keepout(entries, roof.building_id, shape, self._author(why), self._purpose(why))
            self._document.do(edit)
            self._view.cards.reason.hide()
            self._view.setFocus()
            tool.settle()
            self._tell("ui.tool.draw.added", name=self._name_of(roof.building_id), area=roof.area)
        elif isinstance(tool, PickBuildings):
            name, chosen = tool.facility_id, sorted(tool.chosen)
            edit = join_edit(entries, name, chosen, self._author(why))
            self.leave()
            self._document.do(edit)
            self._tell("ui.tool.pick.saved", name=self._facility(name), count=len(chosen))

    def _on_reason_dropped(self) -> None:
        self._view.cards.reason.hide()
        self._view.setFocus()
        if isinstance(self.tool, DrawKeepout):
            self.tool.settle()
        self.write()

    def _automatic(self) -> None:
        tool, entries = self.tool, self._document.entries
        if isinstance(tool, PickBuildings) and entries is not None:
            name = tool.facility_id
            self.leave()
            self._document.do(edits.correct_join(entries, name, None, self._author("")))
            self._tell("ui.tool.pick.back", name=self._facility(name))

    def _reshape(self, key: str, shape: shapely.Polygon) -> None:
        """Another shape under the same key: one step, with the reason that it had."""
        entries, row = self._document.entries, self._view.keepouts.row(key)
        if entries is None or row is None:
            return
        self._document.do(reshape_edit(entries, row, shape, self._author(row.mark.why)))
        now = self._view.keepouts.row(key)
        self._tell("ui.tool.draw.moved", name=row.facility, area=row.area_m2 if now is None else now.area_m2)

    def _facility(self, facility_id: str) -> str:
        return facility_name(self._document.plan, facility_id)

    def _name_of(self, building_id: str) -> str:
        return building_name(self._document.plan, building_id)

    # ---------------------------------------------------------------- words

    def _tell(self, code: str, *, title: str = "", **values: object) -> None:
        """Say what was just done."""
        self._told = (code, {**values, "_title": title})
        self._quiet.start()
        self.write()

    def _forget_told(self) -> None:
        self._told = None
        self.write()

    def write(self) -> None:
        """The banner and the card of the reason, in the language and the colours of now."""
        view, tool = self._view, self.tool
        view.cards.buttons.button["draw"].setChecked(self.mode == "draw")
        if not view.cards.reason.isHidden():
            # It says what the banner would, and needs the room.
            view.cards.banner.hide()
        elif isinstance(tool, DrawKeepout):
            self._write_draw(tool)
        elif isinstance(tool, PickBuildings):
            self._write_pick(tool)
        elif isinstance(tool, ReshapeKeepout):
            self._write_keepout(tool)
        else:
            self._write_told()
        if not view.cards.reason.isHidden():
            self._write_reason()
        view.cards.place()
        view.update()

    def _show(self, icon: str, title: str, text: str, offers: list[Offer], *, attention: bool = False) -> None:
        banner = self._view.cards.banner
        banner.write(self._look.tokens, icon, title, text, offers, attention=attention)
        banner.show()

    def _write_draw(self, tool: DrawKeepout) -> None:
        say = self._look.say
        on = tool.roof.building_id or (tool.below[0] if tool.below is not None and tool.points else "")
        title = say("ui.tool.draw.title_on", name=self._name_of(on)) if on else say("ui.tool.draw.title")
        leave = Offer("leave", say("ui.tool.leave"))
        if tool.trouble:
            self._show("vector-polygon", title, say(f"ui.tool.draw.fault.{tool.trouble}"), [leave], attention=True)
        elif self._told is not None and tool.stage == "begin":
            code, values = self._told
            offers = [Offer("run", say("ui.tool.run"), primary=True), leave]
            self._show("vector-polygon", title, say(code, **values), offers)
        else:
            far = tool.stage == "begin" and self._view.viewport().scale > SHOWN_FROM
            code = "ui.tool.draw.far" if far else f"ui.tool.draw.{tool.stage}"
            self._show("vector-polygon", title, say(code), [leave])

    def _write_pick(self, tool: PickBuildings) -> None:
        say = self._look.say
        title = say("ui.tool.pick.title", name=self._facility(tool.facility_id), count=len(tool.chosen))
        entries = self._document.entries
        offers = [Offer("done", say("ui.tool.done"), primary=True)]
        if entries is not None and entries.get("joins", tool.facility_id) is not None:
            offers.append(Offer("automatic", say("ui.tool.pick.auto")))
        offers.append(Offer("leave", say("ui.tool.cancel")))
        taken = tool.taken
        if tool.asked:
            other = self._facility(tool.owners[tool.asked])
            text, attention = say("ui.tool.pick.owned", other=other), True
        elif tool.missed:
            text, attention = say("ui.tool.pick.missed"), True
        elif not tool.chosen:
            text, attention = say("ui.tool.pick.none"), True
        elif taken:
            others = dict.fromkeys(self._facility(tool.owners[name]) for name in taken)
            text = say("ui.tool.pick.taken", count=len(taken), other=say("ui.list.dot").join(others))
            attention = True
        else:
            text, attention = say("ui.tool.pick.begin"), False
        self._show("link-variant", title, text, offers, attention=attention)

    def _write_keepout(self, tool: ReshapeKeepout) -> None:
        say, row = self._look.say, tool.row
        title = say("ui.tool.keepout.title", name=row.facility)
        offers = [Offer("remove", say("ui.tool.keepout.remove")), Offer("leave", say("ui.tool.close"))]
        if tool.fault:
            self._show("vector-polygon", title, say(f"ui.tool.draw.fault.{tool.fault}"), offers, attention=True)
        elif self._told is not None:
            code, values = self._told
            run = Offer("run", say("ui.tool.run"), primary=True)
            self._show("vector-polygon", title, say(code, **values), [run, *offers])
        else:
            about = about_keepout(self._look, row)
            text = say("ui.tool.keepout.text", area=row.area_m2, about=about)
            self._show("vector-polygon", title, f"{text}\n{say('ui.tool.keepout.edit')}", offers)

    def _write_told(self) -> None:
        if self._told is None:
            self._view.cards.banner.hide()
            return
        say, (code, values) = self._look.say, self._told
        pick = code.startswith("ui.tool.pick")
        title = say(values["_title"]) if values["_title"] else say(f"ui.undo.{'join' if pick else 'keepout'}")
        offers = [Offer("close", say("ui.tool.close"))]
        if self._document.stale:
            offers.insert(0, Offer("run", say("ui.tool.run"), primary=True))
        self._show("link-variant" if pick else "vector-polygon", title, say(code, **values), offers)

    def _write_reason(self) -> None:
        say, tool, card = self._look.say, self.tool, self._view.cards.reason
        words = (say("ui.tool.reason.line"), say("ui.tool.reason.accept"), say("ui.tool.cancel"))
        if isinstance(tool, DrawKeepout):
            about = say("ui.tool.reason.about", name=self._name_of(tool.roof.building_id), area=tool.roof.area)
            reasons = [say(f"ui.tool.why.{code}") for code in KEEPOUT_REASONS]
            card.write(self._look.tokens, say("ui.tool.reason.keepout"), about, reasons, words)
        elif isinstance(tool, PickBuildings):
            about = say("ui.tool.reason.count", name=self._facility(tool.facility_id), count=len(tool.chosen))
            reasons = [say(f"ui.tool.why.{code}") for code in JOIN_REASONS]
            card.write(self._look.tokens, say("ui.tool.reason.join"), about, reasons, words)

    def _on_banner(self, name: str) -> None:
        if name == "run":
            self._told = None
            self.write()
            self.run_asked.emit()
        elif name == "done":
            self._ask_join_reason()
        elif name == "automatic":
            self._automatic()
        elif name == "remove" and isinstance(self.tool, ReshapeKeepout):
            self.remove_keepout(self.tool.row.key)
        elif name == "leave":
            self.leave()
        else:
            self._forget_told()

    # ---------------------------------------------------------------- the card of the reason

    def _subject(self) -> QRect:
        """Where on the widget lies what the reason is asked for."""
        tool, view = self.tool, self._view.viewport()
        shapes = [tool.waiting] if isinstance(tool, DrawKeepout) and tool.waiting is not None else []
        if isinstance(tool, PickBuildings):
            shapes = [shape for shape in map(tool.outline, sorted(tool.chosen)) if shape is not None]
        if not shapes:
            return QRect(self._view.rect().center(), self._view.rect().center())
        west, south, east, north = shapely.total_bounds(shapes).tolist()
        (left, top), (right, bottom) = view.to_screen(west, north), view.to_screen(east, south)
        box = QRect(QPoint(round(left), round(top)), QPoint(round(right), round(bottom)))
        return box.intersected(self._view.rect()) if box.intersects(self._view.rect()) else box

    def _place_reason(self) -> None:
        card = self._view.cards.reason
        if not card.isHidden():
            card.put(self._subject(), self._view.size())
        if isinstance(self.tool, DrawKeepout) and self.tool.stage == "begin":
            self.write()


def about_keepout(look: Look, row: Keepout) -> str:
    """Why there is a keep-out, who drew it and when, in one line."""
    parts = [row.mark.why or look.say("ui.keepouts.no_reason"), row.mark.who, row.when]
    parts.append("" if row.computed else look.say("map.keepout.waiting"))
    return look.say("ui.list.dot").join(part for part in parts if part)

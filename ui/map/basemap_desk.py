"""The background map of the window: what is chosen, kept, said of it, and brought to the map and to pictures."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog

from gis.basemap_kernels import AS_IT_IS, DIMMED, INVERTED
from gis.crs import overlap, to_lonlat
from gis.tile_files import open_tiles
from kawasolar.basemaps import NetworkRules, OnlineMaps, online_maps
from kawasolar.errors import UnreadableProfile
from kawasolar.export.png_basemap import PaperMap
from ui.map.basemap import Backdrop
from ui.map.basemap_card import BasemapCard
from ui.map.basemap_choice import FILE, ONLINE, Tone, remember_basemaps, remembered_basemaps
from ui.map.tile_loader import News, TileLoader

if TYPE_CHECKING:
    from collections.abc import Callable

    from gis.tile_source import TileSource
    from ui.document import Document
    from ui.look import Look
    from ui.map.view import MapView
    from ui.settings import Remembered

_TONES: dict[Tone, int] = {"plain": AS_IT_IS, "dimmed": DIMMED, "inverted": INVERTED}
# While tiles do not come, the map asks again so often [ms].
_AGAIN = 15_000


class _Messenger(QObject):
    """Carries a loader's news to the window's thread.

    A child of the map, and all of Qt that a loader's thread knows: such a thread may outlive the map, and what it lets go of last must own nothing.
    """

    news = Signal(object, str)


class BasemapDesk(QObject):
    """Owns the loader of the map that is shown; lives as long as the map."""

    def __init__(self, view: MapView, document: Document, look: Look, remembered: Remembered) -> None:
        super().__init__(view)
        self._view, self._document, self._look, self._remembered = view, document, look, remembered
        self.settings = remembered_basemaps(remembered)
        self._online, self._wrong_table = _table()
        self._choice = ""
        # Picked, but the network is not yet allowed.
        self._wish: str | None = None
        self._backdrop: Backdrop | None = None
        self._plan: object = None
        self._ends: list[TileLoader] = []
        self._messenger = _Messenger(view)
        self._messenger.news.connect(self._on_news, Qt.ConnectionType.QueuedConnection)
        self._again = QTimer(self, interval=_AGAIN)
        self._again.timeout.connect(self._ask_again)
        view.cards.buttons.basemap_asked.connect(self.open)
        view.dressed.connect(self._on_dressed)
        document.plan_changed.connect(self._on_plan)
        view.destroyed.connect(partial(_end, self._ends))
        QApplication.instance().aboutToQuit.connect(partial(_end, self._ends))  # type: ignore[union-attr]
        self._on_plan()

    # ---------------------------------------------------------------- what the window calls

    def open(self) -> None:
        """Show the card on which a map is chosen."""
        card = self._card()
        self._write()
        card.show()
        card.raise_()
        self._view.cards.place()
        card.maps.setFocus()

    def choose(self, choice: str) -> None:
        """Show a map; one of the network waits until that is allowed."""
        if choice.startswith(ONLINE) and not self.settings.online:
            self._wish = choice
            self._write()
            return
        self._wish = None
        self.settings.choose(self._plan_path(), choice)
        self._keep()
        self._show(choice)

    def add(self, path: Path) -> None:
        """Put a file or a folder on the list and show it."""
        self.settings.add_file(str(path))
        self.choose(f"{FILE}{path}")

    def paper(self) -> PaperMap | None:
        """What a picture of the map needs to show the same; None where there is none."""
        if self._backdrop is None or self._backdrop.loader.failure is not None:
            return None
        return PaperMap(self._source(self._choice), self.credit(), self.settings.opacity)

    def credit(self) -> str:
        """Who made the map that is shown."""
        if self._backdrop is None:
            return ""
        if self._choice.startswith(ONLINE):
            found = self._online.get(self._choice.removeprefix(ONLINE))
            return found.credits[self._look.language] if found is not None else ""
        return self._said() or self._look.say(
            "map.basemap.credit_file", name=Path(self._choice.removeprefix(FILE)).name
        )

    def _said(self) -> str:
        """Who made the map of a file, by the person or the file itself; empty where neither says it."""
        basemap = self._backdrop.loader.basemap if self._backdrop is not None else None
        own = self.settings.files.get(self._choice.removeprefix(FILE), "")
        return own or (basemap.facts.attribution if basemap is not None else "")

    # ---------------------------------------------------------------- what is shown

    def _show(self, choice: str) -> None:
        """Another map from now on."""
        if self._backdrop is not None:
            self._backdrop.loader.rest()
        self._ends.clear()
        self._choice, self._backdrop = choice, None
        if choice:
            network = choice.startswith(ONLINE)
            box: list[TileLoader] = []
            loader = TileLoader(
                self._source(choice),
                partial(_tell, self._messenger, box),
                self._online.rules.connections if network else 1,
            )
            box.append(loader)
            self._ends.append(loader)
            self._backdrop = Backdrop(loader, self.settings.opacity, self._tone())
            loader.start()
        self._again.stop()
        self._view.set_backdrop(self._backdrop)
        self._write()

    def _source(self, choice: str) -> Callable[[], TileSource]:
        """What opens a map."""
        if choice.startswith(FILE):
            return partial(open_tiles, Path(choice.removeprefix(FILE)))
        from kawasolar.online_tiles import OnlineTiles, user_shelf

        found = self._online.get(choice.removeprefix(ONLINE))
        if found is None:
            return _none(choice)
        return partial(OnlineTiles, found, self._online.rules, user_shelf(self._online.rules), self._look.language)

    def _tone(self) -> int:
        return _TONES[self.settings.tone] if self._look.tokens.name == "dark" else AS_IT_IS

    def _on_news(self, loader: TileLoader, news: News) -> None:
        backdrop = self._backdrop
        if backdrop is None or backdrop.loader is not loader:
            return
        if news in ("opened", "tiles"):
            loader.heard()
            self._set(replace(backdrop, revision=backdrop.revision + 1))
        if news == "trouble":
            (self._again.start if loader.trouble else self._again.stop)()
        if news != "tiles":
            self._write()

    def _ask_again(self) -> None:
        self._view.set_backdrop(self._backdrop)

    def _set(self, backdrop: Backdrop) -> None:
        self._backdrop = backdrop
        self._view.set_backdrop(backdrop)

    def _on_plan(self) -> None:
        """Another plan may have another map; an edit of the same one has not."""
        plan, path = self._document.plan, self._plan_path()
        key = None if plan is None else path
        if key != self._plan:
            self._plan, self._wish = key, None
            choice = self.settings.choice_for(path) if plan is not None else ""
            if choice.startswith(ONLINE) and self._online.get(choice.removeprefix(ONLINE)) is None:
                choice = ""
            if choice != self._choice:
                self._show(choice)

    def _plan_path(self) -> str:
        return str(self._document.path or "")

    def _on_dressed(self) -> None:
        if self._backdrop is not None and self._backdrop.tone != self._tone():
            self._set(replace(self._backdrop, tone=self._tone()))
        self._write()

    # ---------------------------------------------------------------- the card

    def _card(self) -> BasemapCard:
        cards = self._view.cards
        if cards.basemap is None:
            card = cards.basemap = BasemapCard(self._view)
            card.chosen.connect(self.choose)
            card.file_asked.connect(self._ask_file)
            card.folder_asked.connect(self._ask_folder)
            card.removed.connect(self._remove)
            card.allowed.connect(self._allow)
            card.credited.connect(self._credit)
            card.dimmed.connect(self._strengthen)
            card.toned.connect(self._tune)
            card.closed.connect(self._close)
            card.terms_asked.connect(self._show_terms)
        return cards.basemap

    def _write(self) -> None:
        """The card, and who made the map."""
        cards, say, tokens = self._view.cards, self._look.say, self._look.tokens
        loader = self._backdrop.loader if self._backdrop is not None else None
        failed = self._look.say_error(loader.failure) if loader is not None and loader.failure is not None else ""
        trouble = say(f"map.basemap.{loader.trouble}") if loader is not None and loader.trouble else ""
        if not trouble and loader is not None and loader.damaged:
            trouble = say("map.basemap.damaged")
        credit = "" if failed else self.credit()
        shown = say("ui.list.dot").join(part for part in (credit, trouble) if part)
        cards.credit.write(shown, tokens, tokens.attention if trouble else tokens.ink)
        cards.credit.setVisible(bool(shown))
        card = cards.basemap
        if card is not None:
            wish = self._choice if self._wish is None else self._wish
            found = self._online.get(wish.removeprefix(ONLINE)) if wish.startswith(ONLINE) else None
            card.write(
                self._look, self.settings, self._maps(), self._choice, wish, found.host if found is not None else ""
            )
            elsewhere = say("map.basemap.elsewhere") if loader is not None and self._lies_elsewhere(loader) else ""
            wrong = self._look.say_error(self._wrong_table) if self._wrong_table is not None else ""
            card.tell(failed or trouble or elsewhere or wrong)
            card.show_credit(self._said())
        cards.place()
        self._view.update()

    def _lies_elsewhere(self, loader: TileLoader) -> bool:
        """Whether the map says that it ends before the plan begins."""
        plan, basemap = self._document.plan, loader.basemap
        if plan is None or basemap is None or basemap.facts.bounds is None or not len(plan.results.buildings):
            return False
        west, south, east, north = plan.results.buildings.total_bounds
        corners = [to_lonlat(plan.crs, x, y) for x, y in ((west, south), (east, north))]
        return not overlap((*corners[0], *corners[1]), basemap.facts.bounds)

    def _maps(self) -> list[tuple[str, str]]:
        say = self._look.say
        online = [
            (f"{ONLINE}{each.key}", say("map.basemap.online", name=each.names[self._look.language]))
            for each in self._online.maps
        ]
        files = [(f"{FILE}{path}", Path(path).name) for path in self.settings.files]
        return [("", say("map.basemap.none")), *files, *online]

    def _ask_file(self) -> None:
        words = self._look.say("map.basemap.choose_file")
        name, _ = QFileDialog.getOpenFileName(
            self._view, words, self._remembered.folder, "MBTiles, PMTiles (*.mbtiles *.pmtiles);;(*)"
        )
        if name:
            self.add(Path(name))

    def _ask_folder(self) -> None:
        words = self._look.say("map.basemap.choose_folder")
        name = QFileDialog.getExistingDirectory(self._view, words, self._remembered.folder)
        if name:
            self.add(Path(name))

    def _remove(self) -> None:
        self.settings.files.pop(self._choice.removeprefix(FILE), None)
        self.choose("")

    def _allow(self, allowed: bool) -> None:
        """Turn the network on or off; what is not allowed is not shown."""
        wish, self._wish = self._wish, None
        if allowed:
            self.settings.online = True
            self.choose(wish or self._choice)
        elif wish is None:
            self.settings.online = False
            self.choose("")
        else:
            self._write()

    def _show_terms(self) -> None:
        """The conditions of use, in the person's own browser."""
        choice = self._choice if self._wish is None else self._wish
        found = self._online.get(choice.removeprefix(ONLINE))
        if found is not None and found.terms.startswith("https://"):
            QDesktopServices.openUrl(QUrl(found.terms))

    def _credit(self, text: str) -> None:
        path = self._choice.removeprefix(FILE)
        if path in self.settings.files and text != self._said():
            self.settings.files[path] = text
            self._keep()
            self._write()

    def _strengthen(self, opacity: float) -> None:
        self.settings.opacity = opacity
        self._keep()
        if self._backdrop is not None:
            self._set(replace(self._backdrop, opacity=opacity))

    def _tune(self, tone: str) -> None:
        self.settings.tone = next((known for known in _TONES if known == tone), "plain")
        self._keep()
        if self._backdrop is not None:
            self._set(replace(self._backdrop, tone=self._tone()))

    def _close(self) -> None:
        self._wish = None
        self._view.cards.place()
        self._view.setFocus()

    def _keep(self) -> None:
        remember_basemaps(self._remembered, self.settings)


def _table() -> tuple[OnlineMaps, UnreadableProfile | None]:
    """The maps of the network; none, and why, where somebody has spoilt the table."""
    try:
        return online_maps(), None
    except UnreadableProfile as error:
        return OnlineMaps((), NetworkRules(1, 1.0, 1.0, 1.0, 1.0, 1.0)), error


def _none(choice: str) -> Callable[[], TileSource]:
    def opens() -> TileSource:
        from gis.errors import UnreadableFile

        raise UnreadableFile("tiles.missing", file=choice)

    return opens


def _tell(messenger: _Messenger, box: list[TileLoader], news: News) -> None:
    """Send a loader's news; ``box`` holds it once it is made."""
    messenger.news.emit(box[0], news)


def _end(loaders: list[TileLoader], *_: object) -> None:
    """The map is gone: no thread may outlive it."""
    for loader in loaders:
        loader.rest()

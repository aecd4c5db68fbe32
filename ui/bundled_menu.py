"""What the new plan is told by a profile before anything is computed: which ones come with the program, and which stations are near."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from kawasolar.profile import Profile
    from ui.look import Look
    from ui.newplan import FileCard


def offer_bundled(look: Look, card: FileCard) -> None:
    """Let one choose a profile that comes with the program, or a file."""
    menu = QMenu(card.choose)
    menu.aboutToShow.connect(lambda: _fill(look, card, menu))
    card.choose.setMenu(menu)


def _fill(look: Look, card: FileCard, menu: QMenu) -> None:
    from kawasolar.bundled import bundled_profiles
    from kawasolar.profile import load_profile

    menu.clear()
    for path in bundled_profiles().values():
        name = load_profile(path).name(look.language)
        action = menu.addAction(look.say("ui.profile.bundled", name=name))
        action.triggered.connect(lambda _on=False, path=path: card.chosen.emit(card.role, path))
    menu.addSeparator()
    menu.addAction(look.say("ui.profile.file"), card.ask)


def stations_text(look: Look, profile: Profile) -> str:
    """The weather stations near the city; empty where its profile names none."""
    stations = [f"{station.name(look.language)} ({station.number})" for station in profile.tables.stations]
    if not stations:
        return ""
    joined = look.say("ui.list.comma").join(stations)
    return look.say("ui.new.stations", name=profile.name(look.language), stations=joined)

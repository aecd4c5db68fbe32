"""What the program remembers between sessions: geometry, docks, language, theme, recent files."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from PySide6.QtCore import QByteArray, QSettings

from kawasolar.words import LANGUAGES, Language, default_language
from ui.theme import THEMES, Theme

RECENT = 8
# Raise when the docks change so much that a remembered state would harm.
STATE_VERSION = 2


class Remembered:
    """A thin, typed face on QSettings.

    Parameters
    ----------
    store : QSettings, optional
        Where to keep it; the user's own place unless given (tests give a file).
    """

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store if store is not None else QSettings("KawaSolar", "KawaSolar")

    @property
    def language(self) -> Language:
        found = str(self._store.value("language", ""))
        return next((known for known in LANGUAGES if known == found), default_language())

    @language.setter
    def language(self, language: Language) -> None:
        self._store.setValue("language", language)

    @property
    def theme(self) -> Theme:
        found = str(self._store.value("theme", "system"))
        return next((known for known in THEMES if known == found), "system")

    @theme.setter
    def theme(self, theme: Theme) -> None:
        self._store.setValue("theme", theme)

    @property
    def person(self) -> str:
        """What the person wishes to be called in what they enter; empty where the system's name will do."""
        return str(self._store.value("person", "")).strip()

    @person.setter
    def person(self, name: str) -> None:
        self._store.setValue("person", name.strip())

    @property
    def recent(self) -> list[Path]:
        """Projects opened or saved last, the newest first; those that are gone are left out."""
        found = self._store.value("recent", [])
        names = [found] if isinstance(found, str) else list(cast("list[str]", found or []))
        return [Path(name) for name in names if Path(name).is_file()]

    def add_recent(self, path: Path) -> None:
        """Put a project at the head of the list."""
        full = path.resolve()
        kept = [old for old in self.recent if old.resolve() != full]
        self._store.setValue("recent", [str(old) for old in [full, *kept][:RECENT]])

    def clear_recent(self) -> None:
        """Forget all projects."""
        self._store.setValue("recent", [])

    @property
    def folder(self) -> str:
        """Folder that the last file dialog ended in."""
        return str(self._store.value("folder", ""))

    @folder.setter
    def folder(self, folder: str) -> None:
        self._store.setValue("folder", folder)

    def text_of(self, name: str) -> str:
        """What was kept under a name; empty where there is nothing."""
        return str(self._store.value(name, ""))

    def keep_text(self, name: str, text: str) -> None:
        """Remember a text."""
        self._store.setValue(name, text)

    @property
    def ledger_forms(self) -> Path:
        """Where the columns of ledgers are remembered: beside the settings, where they lie in a file that was named."""
        from kawasolar.ledger.remembered import forms_file

        named = self._store.format() == QSettings.Format.IniFormat
        return Path(self._store.fileName()).with_name("ledger_forms.json") if named else forms_file()

    def bytes_of(self, name: str) -> QByteArray:
        """A state that Qt saved (geometry, docks, header); empty where there is none."""
        found = self._store.value(f"{name}/{STATE_VERSION}")
        return found if isinstance(found, QByteArray) else QByteArray()

    def keep_bytes(self, name: str, state: QByteArray) -> None:
        """Remember a state."""
        self._store.setValue(f"{name}/{STATE_VERSION}", state)

    def forget(self, name: str) -> None:
        """Drop a state, so that the next start begins afresh."""
        self._store.remove(name)

    def sync(self) -> None:
        """Write now."""
        self._store.sync()

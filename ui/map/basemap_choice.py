"""Which background maps a person has, and which is shown with which plan; kept in their settings."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ui.settings import Remembered

Tone = Literal["plain", "dimmed", "inverted"]
TONES: tuple[Tone, ...] = ("plain", "dimmed", "inverted")
FILE, ONLINE = "file:", "online:"
LEAST_OPACITY = 0.1
_NAME = "basemap"
_MOST_FILES, _MOST_PLANS = 20, 100


@dataclass
class BasemapSettings:
    """What is remembered.

    Attributes
    ----------
    files : path -> the credit that the person has written for it, or empty
    choice : the map chosen last: empty, ``file:PATH`` or ``online:KEY``
    plans : plan's path -> choice
    online : whether the person has turned maps of the network on
    """

    files: dict[str, str] = field(default_factory=dict)
    choice: str = ""
    plans: dict[str, str] = field(default_factory=dict)
    opacity: float = 0.8
    tone: Tone = "dimmed"
    online: bool = False

    def choice_for(self, plan: str) -> str:
        """What is shown with a plan: what was chosen for it, else what was chosen last; nothing that was taken off the list."""
        found = self.plans.get(plan, self.choice)
        if found.startswith(FILE):
            return found if found.removeprefix(FILE) in self.files else ""
        return found if self.online else ""

    def choose(self, plan: str, choice: str) -> None:
        """Show a map with a plan, and with those that nothing was chosen for."""
        self.choice = choice
        if plan:
            self.plans.pop(plan, None)
            self.plans[plan] = choice
            while len(self.plans) > _MOST_PLANS:
                del self.plans[next(iter(self.plans))]

    def add_file(self, path: str) -> None:
        """Put a file or folder on the list."""
        self.files.setdefault(path, "")
        while len(self.files) > _MOST_FILES:
            del self.files[next(iter(self.files))]


def remembered_basemaps(store: Remembered) -> BasemapSettings:
    """What was kept; what cannot be read counts as never chosen."""
    made = BasemapSettings()
    try:
        found = json.loads(store.text_of(_NAME) or "{}")
        made.files = {str(path): str(credit) for path, credit in found.get("files", {}).items()}
        made.plans = {str(path): str(choice) for path, choice in found.get("plans", {}).items()}
        made.choice, made.online = str(found.get("choice", "")), found.get("online") is True
        made.opacity = min(max(float(found.get("opacity", made.opacity)), LEAST_OPACITY), 1.0)
        made.tone = next((tone for tone in TONES if tone == found.get("tone")), made.tone)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return BasemapSettings()
    return made


def remember_basemaps(store: Remembered, settings: BasemapSettings) -> None:
    """Keep it."""
    store.keep_text(_NAME, json.dumps(asdict(settings), ensure_ascii=False))

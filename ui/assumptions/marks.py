"""Who entered something, when and why, in words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kawasolar.document.views import Mark
    from ui.look import Look


def when_text(look: Look, when: str) -> str:
    """A moment (ISO 8601) in the time of this place; as it stands where it is none."""
    try:
        moment = datetime.fromisoformat(when).astimezone()
    except (ValueError, OverflowError, OSError):
        return when
    return look.say("ui.mark.when", year=moment.year, month=moment.month, day=moment.day, time=moment.strftime("%H:%M"))


def who_text(look: Look, mark: Mark) -> str:
    """Who and when."""
    return look.say("ui.mark.who", who=mark.who or look.say("ui.mark.nobody"), when=when_text(look, mark.when))


def why_text(look: Look, mark: Mark) -> str:
    """The reason, or that none was given."""
    return mark.why or look.say("ui.mark.no_reason")

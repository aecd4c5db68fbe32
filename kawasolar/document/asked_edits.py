"""The edit by which a scenario asks for what is computed besides, or no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.document.edits import edit_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.document.edits import Author
    from kawasolar.document.entries import Edit, Entries
    from kawasolar.plan import AnswerKind


def ask(entries: Entries, scenario: str, kind: AnswerKind, options: Mapping[str, object] | None, by: Author) -> Edit:
    """The scenario asks for this, by these options; None where it no longer does.

    Raises
    ------
    BadEdit
        ``edit.refused``: no such option, or a value that is out of range
    """
    known = entries.get("asked", f"{scenario}/{kind}")
    if options is None:
        wanted = None
    elif known is not None and known["value"] == dict(options) and not by.why.strip():
        wanted = known
    else:
        wanted = {"value": dict(options), **by.mark()}
    return edit_of(entries, f"ui.undo.asked_{kind}", {("asked", f"{scenario}/{kind}"): wanted})

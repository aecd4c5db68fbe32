"""The edit by which sizes of facilities are taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.document.edits import edit_of, lay_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.document.edits import Author
    from kawasolar.document.entries import Edit, Entries, Entry


def size(entries: Entries, scenario: str, most_kw: Mapping[str, float | None], by: Author) -> Edit:
    """Bound what some facilities carry, each by its own kW, as one edit; None as the rest of the plan. Their other choices stay.

    Raises
    ------
    BadEdit
        ``edit.out_of_range``
    """
    wanted: dict[tuple[str, str], Entry] = {}
    for name, value in most_kw.items():
        one = lay_out(entries, scenario, [name], {"layout.most_kw": value}, by)
        wanted |= {(change.table, change.key): change.after for change in one.changes}
    return edit_of(entries, "ui.undo.size", wanted)

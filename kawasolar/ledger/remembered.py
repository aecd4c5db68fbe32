"""Mappings that a person has confirmed, by ledger and form of the headings, in the user's own folder: offered when the form comes again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kawasolar.ledger.headings import SEARCHED_ROWS, joined_headings
from kawasolar.ledger.kinds import FACILITIES, ledger_kind
from kawasolar.ledger.mapping import Mapping, as_json, form_of, from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.ledger.headings import Row

# The latest are kept; a city has a few forms.
MOST_FORMS = 100
_MOST_BYTES = 4 * 2**20


def forms_file() -> Path:
    """Where they are kept."""
    from platformdirs import user_config_path

    return user_config_path("KawaSolar", appauthor=False) / "ledger_forms.json"


def remembered(path: Path) -> list[Mapping]:
    """All of them, the latest first; of a file that is damaged what can be read."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return []
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    mappings = []
    for entry in found[:MOST_FORMS] if isinstance(found, list) else ():
        try:
            mappings.append(from_json(entry, _kind_of(entry)))
        except ValueError:
            continue
    return mappings


def _kind_of(entry: object) -> str:
    """Of which ledger an entry is; those that say nothing are of facilities."""
    kind = entry.get("kind", FACILITIES) if isinstance(entry, dict) else FACILITIES
    if not isinstance(kind, str):
        raise ValueError("kind")  # noqa: TRY004 - as all that is wrong with an entry
    return kind


def remember(path: Path, mapping: Mapping) -> None:
    """Keep a mapping in the place of one of the same ledger and form; one of a table without a heading is no form.

    Raises
    ------
    NotWritable
        The folder is read-only, the disk full.
    """
    if mapping.has_heading:
        others = (old for old in remembered(path) if (old.kind, old.form) != (mapping.kind, mapping.form))
        _write(path, [mapping, *others][:MOST_FORMS])


def _write(path: Path, mappings: list[Mapping]) -> None:
    from kawasolar.export.writing import atomic

    with atomic(path, ".json") as work:
        text = json.dumps([as_json(one) for one in mappings], ensure_ascii=False, indent=1)
        work.write_text(text, encoding="utf-8", newline="\n")


def forget(path: Path, form: str, kind: str = FACILITIES) -> None:
    """Keep no mapping of this form of a ledger any more.

    Raises
    ------
    NotWritable
        The folder is read-only, the disk full.
    """
    known = remembered(path)
    kept = [mapping for mapping in known if (mapping.kind, mapping.form) != (kind, form)]
    if len(kept) < len(known):
        _write(path, kept)


def recall(path: Path, rows: Sequence[Row], sheet: str = "", kind: str = FACILITIES) -> Mapping | None:
    """The mapping of the form that a table has, placed in it; None where none is remembered for this ledger."""
    known = {mapping.form: mapping for mapping in reversed(remembered(path)) if mapping.kind == kind}
    if not known:
        return None
    words = ledger_kind(kind).words
    for number in range(min(len(rows), SEARCHED_ROWS)):
        for depth in (0, 1):
            if number + depth >= len(rows):
                continue
            mapping = known.get(form_of(joined_headings(rows, number, number + depth, words)))
            if mapping is not None and mapping.last - mapping.first == depth:
                placed = mapping.placed(rows)
                if placed is not None:
                    return replace(placed, sheet=sheet)
    return None

"""The one catalogue of words, Japanese and English side by side, for screen, command line and exports.

The domain returns codes and values; this turns them into sentences. Each file
``resources/words/AREA.toml`` holds tables ``["area.code"]`` with ``ja`` and ``en``; placeholders are
those of :meth:`str.format`.
"""

from __future__ import annotations

import locale
import os
import re
import string
import tomllib
from functools import cache
from typing import Literal, cast

from kawasolar.resources import resource_path

Language = Literal["ja", "en"]
LANGUAGES: tuple[Language, ...] = ("ja", "en")


class _Blank(string.Formatter):
    """Formats as str.format does, and leaves a visible dash where a value is missing."""

    def get_value(self, key: int | str, args: object, kwargs: object) -> object:
        values = cast("dict[str, object]", kwargs)
        value = values.get(str(key))
        return "–" if value is None else value

    def format_field(self, value: object, format_spec: str) -> str:
        if value == "–":
            return "–"
        return cast("str", super().format_field(value, format_spec))


_FORMATTER = _Blank()


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """All words: code -> language -> text."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(resource_path("words").glob("*.toml")):
        with path.open("rb") as file:
            for code, texts in tomllib.load(file).items():
                if code in found:
                    raise ValueError(f"{path.name}: {code} stands in two files")
                found[code] = texts
    return found


def say(language: Language, code: str, **values: object) -> str:
    """The sentence for ``code``; the code itself where the catalogue lacks it, so that it is seen."""
    text = catalogue().get(code, {}).get(language)
    if text is None:
        return code
    return _FORMATTER.vformat(text, (), values) if "{" in text else text


# File, row and column, with which the sentence of a finding begins.
_PLACE = re.compile(r"\A(?:\{source\}|台帳|Ledger)[^:]*: ")


def say_without_place(language: Language, code: str, **values: object) -> str:
    """The sentence of a finding without file, row and column, for tables that have them in columns of their own."""
    text = catalogue().get(code, {}).get(language)
    if text is None:
        return code
    told = _FORMATTER.vformat(_PLACE.sub("", text), (), values)
    return told[:1].upper() + told[1:]


def asked_language() -> Language | None:
    """What ``KAWASOLAR_LANG`` says, if anything."""
    wish = os.environ.get("KAWASOLAR_LANG", "")[:2].lower()
    return wish if wish in LANGUAGES else None


def default_language() -> Language:
    """Japanese for a Japanese locale, else English; ``KAWASOLAR_LANG`` overrides."""
    asked = asked_language()
    if asked:
        return asked
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    if not any(names):
        names = [locale.getlocale()[0] or ""]
    first = next((name for name in names if name), "")
    return "ja" if first.lower().startswith(("ja", "japanese")) else "en"

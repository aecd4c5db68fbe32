"""The command line for profiles of municipalities: check one, begin one, compare two."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.bundled import profile_path
from kawasolar.cli import app
from kawasolar.console import State, check_target, say_error, tell_written
from kawasolar.reasons import named_values
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.profile import Profile
    from kawasolar.profiles.check import Difference, Problem

profile_app = typer.Typer(help="Profiles of municipalities.", no_args_is_help=True, add_completion=False)
app.add_typer(profile_app, name="profile")

_INPUT = 3
_QUANTITIES = ("value", "threshold", "low", "high")


@profile_app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="profile (TOML), or the name of a bundled one")],
    as_json: Annotated[bool, typer.Option("--json", help="print what was found as JSON")] = False,
) -> None:
    """Tell everything that is wrong with a profile, and what in it is still to be verified."""
    from kawasolar.profile import load_text, parsed, profile_from_text
    from kawasolar.profiles.check import problems

    path = profile_path(file)
    text = load_text(path)
    found = problems(parsed(text, path.name), path.name)
    doubtful = [] if found else _unverified(profile_from_text(text, path.name))
    if as_json:
        told = {"problems": [_told(problem) for problem in found], "to_be_verified": [key for key, _ in doubtful]}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for problem in found:
            error = problem.error
            say_error(error.code, **named_values(State.language, error.code, error.details))
        if not found:
            _tell_good(profile_from_text(text, path.name), doubtful)
    if found:
        raise typer.Exit(_INPUT)


def _told(problem: Problem) -> dict[str, str]:
    error = problem.error
    return {
        "section": problem.section,
        "at": problem.at,
        "field": problem.field,
        "code": error.code,
        "message": say(State.language, error.code, **error.details),
    }


def _tell_good(profile: Profile, doubtful: list[tuple[str, str]]) -> None:
    from kawasolar.profiles.tables import SECTIONS
    from kawasolar.profiles.words import section_name

    language = State.language
    values = {"name": profile.name(language), "number": profile.code, "crs": f"EPSG:{profile.epsg}"}
    typer.echo(say(language, "cli.profile.good", **values, values=len(profile.values), criteria=len(profile.criteria)))
    for section in SECTIONS:
        number = len(profile.tables.rows(section))
        typer.echo(f"{section_name(language, section)}: {number or say(language, 'cli.profile.none')}")
    typer.echo(say(language, "cli.profile.unverified", number=len(doubtful)))
    for key, title in doubtful:
        typer.echo(f"  {title} ({key})")


def _unverified(profile: Profile) -> list[tuple[str, str]]:
    """Key and title of what is only taken for now."""
    from kawasolar.profiles.toml import document_of
    from kawasolar.profiles.words import entry_title

    document, found = document_of(profile), []
    for section, at, entry in _entries(document):
        if entry.get("how_sure") == "verify":
            found.append((f"{section}.{at}" if at else section, entry_title(State.language, section, entry)))
    return found


def _entries(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every entry of a profile: section, key or number from 1, fields."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    for section, part in document.items():
        if section == "values":
            found += [(section, key, entry) for key, entry in part.items()]
        elif section == "criteria":
            found += [(section, entry["key"], entry) for entry in part]
        elif isinstance(part, list):
            found += [(section, str(k + 1), entry) for k, entry in enumerate(part)]
        elif isinstance(part, dict):
            found.append((section, "", part))
    return found


@profile_app.command("new")
def new(
    out: Annotated[Path, typer.Option(help="profile to write (TOML)")],
    start: Annotated[
        Path, typer.Option("--from", help="profile to begin with: a file, or the name of a bundled one")
    ] = Path(),
    code: Annotated[str, typer.Option(help="code of the municipality (5 digits)")] = "",
    name_ja: Annotated[str, typer.Option(help="name in Japanese")] = "",
    name_en: Annotated[str, typer.Option(help="name in English")] = "",
    epsg: Annotated[int | None, typer.Option(help="plane-rectangular zone (6669 … 6687)")] = None,
) -> None:
    """Begin a profile from another one; what differs is then edited in the window or in the file."""
    from kawasolar.profile import load_profile, profile_from_text
    from kawasolar.profiles.toml import document_of, toml_text, write_profile

    path = profile_path(start) if str(start) != "." else None
    check_target(out, keep=(path,))
    document = document_of(load_profile(path))
    town = document["municipality"]
    asked = {"code": code, "name_ja": name_ja, "name_en": name_en, "epsg": epsg}
    town.update({name: value for name, value in asked.items() if value not in ("", None)})
    profile_from_text(toml_text(document), out.name)
    write_profile(document, out)
    tell_written(out)


@profile_app.command("diff")
def diff(
    before: Annotated[Path, typer.Argument(help="profile, or the name of a bundled one")],
    after: Annotated[Path, typer.Argument(help="another one")],
    as_json: Annotated[bool, typer.Option("--json", help="print the differences as JSON")] = False,
) -> None:
    """Tell in what two profiles differ: numbers, sources and rows."""
    from kawasolar.profile import load_profile
    from kawasolar.profiles.check import differences
    from kawasolar.profiles.words import section_name

    found = differences(load_profile(profile_path(before)), load_profile(profile_path(after)))
    if as_json:
        told = [
            {"section": one.section, "key": one.key, "field": one.field, "before": one.before, "after": one.after}
            for one in found
        ]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2, default=_day))
        return
    if not found:
        typer.echo(say(State.language, "cli.profile.same"))
    section = ""
    for one in found:
        if one.section != section:
            section = one.section
            typer.echo(f"[{section_name(State.language, section)}]")
        typer.echo(f"  {_difference_text(one)}")


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _difference_text(one: Difference) -> str:
    """One line: what, before and after; of a whole row, that it is there or is not."""
    from kawasolar.profiles.words import entry_title, entry_value, field_name, value_text

    language = State.language
    if not one.field:
        sign = "+" if one.before is None else "−"
        title, value = (words(language, one.section, one.entry) for words in (entry_title, entry_value))
        return f"{sign} {title} {value}".rstrip()
    none, unit = say(language, "cli.profile.none"), str(one.entry.get("unit", "")) if one.field in _QUANTITIES else ""
    ends = [value_text(language, one.field, end, unit) or none for end in (one.before, one.after)]
    title = entry_title(language, one.section, one.entry) if one.key else ""
    what = f"{title} {field_name(language, one.field)}".strip()
    return f"{what}: {ends[0]} → {ends[1]}"

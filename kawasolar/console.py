"""What all commands share: the language, progress on a terminal, notes and errors in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from gis.findings import Finding
from gis.progress import Progress
from kawasolar.errors import NotWritable
from kawasolar.reasons import finding_sentence
from kawasolar.words import Language, say

# Lines are not broken and ":x:" becomes no picture: paths and sentences stay whole in logs.
errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


class State:
    """What the common options said."""

    language: Language = "en"
    # Papers go to Japanese offices: Japanese, unless another language is asked for by name.
    paper_language: Language = "ja"
    quiet: bool = False


def say_error(code: str, **details: object) -> None:
    """An error in words, on stderr."""
    errors.print(f"kawasolar: {say(State.language, code, **details)}", markup=False, style="red")


@contextmanager
def bar() -> Iterator[Progress]:
    """A bar on a terminal; nothing where stderr is a file."""
    if State.quiet or not errors.is_terminal:
        yield lambda _share, _what: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def progress(share: float, what: str) -> None:
            bar.update(task, completed=share, description=say(State.language, f"stage.{what}"))

        yield progress


def check_target(path: Path, keep: tuple[Path | None, ...] = ()) -> None:
    """Say at once that a target cannot be written, or is a file that must stay, not after minutes of work."""
    folder = path.resolve().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotWritable("plan.folder_not_writable", file=str(folder), reason=error.strerror or "") from error
    try:
        there = path.exists()
    except OSError as error:
        # Too long a name.
        raise NotWritable("export.bad_target", file=str(path), reason=error.strerror or "") from error
    if path.is_dir():
        raise NotWritable("plan.target_is_folder", file=str(path))
    if there and not path.is_file():
        # A device or a pipe: it would be replaced by a file.
        raise NotWritable("plan.target_no_file", file=str(path))
    if any(other is not None and _same_file(path, other) for other in keep):
        raise NotWritable("plan.target_in_use", file=str(path))


def _same_file(a: Path, b: Path) -> bool:
    try:
        return a.samefile(b)
    except OSError:
        return a.resolve() == b.resolve()


def tell_findings(findings: tuple[Finding, ...]) -> None:
    """Findings in words, on stderr."""
    if State.quiet:
        return
    for finding in findings:
        mark = say(State.language, f"severity.{finding.severity}")
        text = finding_sentence(State.language, finding)
        style = {"error": "red", "warning": "yellow"}.get(finding.severity, "dim")
        errors.print(f"{mark}: {text}", markup=False, style=style)


def tell_written(path: Path) -> None:
    """Say on stderr, unless nothing is to be said, that a file was written."""
    if not State.quiet:
        errors.print(say(State.language, "cli.written", file=str(path)), markup=False)


def tell_figures(found: dict[str, Any], path: Path, *, written: bool = True) -> None:
    """The plan in a few figures, on stdout."""
    for key in ("facilities", "eligible", "unknown", "ineligible", "chosen", "capacity_kw", "energy_kwh", "co2_t"):
        value = found[key]
        shown = f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 100 else f"{value:,.1f}"
        typer.echo(f"{say(State.language, f'figure.{key}')}: {shown}")
    if written:
        typer.echo(say(State.language, "cli.written", file=str(path)))

"""A run that is not saved leaves the project and its rasters as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gis.progress import silent
from kawasolar import pipeline
from kawasolar.project.format import cache_folder
from ui import work
from ui.newplan import free_place

if TYPE_CHECKING:
    from gis.progress import Progress
    from kawasolar.plan import Plan


@pytest.fixture
def project(tmp_path: Path, example: Plan) -> tuple[Plan, Path]:
    path = tmp_path / "計画.kawasolar"
    work.save_plan(example, path, silent)
    plan = replace(example, cache=cache_folder(path))
    assert (plan.cache / "irradiation.tif").is_file()
    return plan, path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> None:
    def rerun(plan: Plan, out: Path, progress: Progress) -> Plan:
        cache = cache_folder(out)
        cache.mkdir(parents=True)
        (cache / "irradiation.tif").write_bytes(b"new")
        return replace(plan, cache=cache)

    monkeypatch.setattr(pipeline, "rerun", rerun)


@pytest.mark.usefixtures("run")
def test_rasters_change_only_with_the_project(project: tuple[Plan, Path]) -> None:
    plan, path = project
    stood = (plan.cache / "irradiation.tif").read_bytes()
    fresh = work.compute_again(plan, silent)
    assert fresh.cache != plan.cache
    assert (plan.cache / "irradiation.tif").read_bytes() == stood != b"new"
    work.save_plan(fresh, path, silent)
    assert (plan.cache / "irradiation.tif").read_bytes() == b"new"


@pytest.mark.usefixtures("run")
def test_only_the_last_two_runs_take_room(project: tuple[Plan, Path]) -> None:
    plan, _ = project
    made = [work.compute_again(plan, silent).cache for _ in range(4)]
    assert [cache.exists() for cache in made] == [False, False, True, True]


def test_a_run_that_fails_leaves_nothing(project: tuple[Plan, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[Path] = []

    def fail(plan: Plan, out: Path, progress: Progress) -> Plan:
        places.append(out.parent)
        raise MemoryError

    monkeypatch.setattr(pipeline, "rerun", fail)
    with pytest.raises(MemoryError):
        work.compute_again(project[0], silent)
    assert not places[0].exists()


def test_a_new_plan_finds_a_free_name(tmp_path: Path) -> None:
    assert free_place(tmp_path, "計画").name == "計画.kawasolar"
    (tmp_path / "計画.kawasolar").touch()
    (tmp_path / "計画 2.kawasolar").touch()
    assert free_place(tmp_path, "計画").name == "計画 3.kawasolar"

"""``kawasolar profile``: checked, begun, compared; and a bundled profile given to a plan by its name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kawasolar.__main__ import main
from kawasolar.document.edits import Author, exchange_files
from kawasolar.document.entries import inverse
from kawasolar.plan import InputFile
from kawasolar.profile import load_profile
from kawasolar.profiles.toml import document_of, toml_text
from kawasolar.project import load_project, save_project
from kawasolar.stages import states, with_edit
from tests.kawasolar.test_stages import project_of, small_town

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Project


@pytest.fixture(autouse=True)
def japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAWASOLAR_LANG", "ja")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("計画")
    return project_of(small_town(folder / "町"), folder)


def test_a_good_profile_is_told_with_what_is_to_be_verified(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "check", "kaga"]) == 0
    told = capsys.readouterr().out
    assert "加賀市（17206、EPSG:6675）" in told
    assert "行政区: なし" in told
    assert "values.co2.grid_factor" in told
    assert main(["profile", "check", "kawasaki", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["problems"] == []
    assert "emission_factors.2" in found["to_be_verified"]


def test_a_bad_profile_is_told_whole_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "市.toml"
    bad = load_profile().text.replace("value = 0.1125", "value = 112.5").replace('code = "14133"', 'code = "14132"')
    file.write_text(bad, encoding="utf-8")
    assert main(["profile", "check", str(file)]) == 3
    told = capsys.readouterr().err
    assert "pv.density_flat.value" in told
    assert "wards.3" in told
    assert main(["profile", "check", str(file), "--json"]) == 3
    found = json.loads(capsys.readouterr().out)["problems"]
    assert [(one["section"], one["at"], one["field"]) for one in found] == [
        ("values", "pv.density_flat", "value"),
        ("wards", "3", ""),
    ]
    file.write_text("= 1", encoding="utf-8")
    assert main(["profile", "check", str(file)]) == 3
    assert main(["profile", "check", str(tmp_path / "none.toml")]) == 3


def test_a_profile_is_begun_from_another_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "新市.toml"
    words = ["--code", "17210", "--name-ja", "白山市", "--name-en", "Hakusan City", "--epsg", "6675"]
    assert main(["profile", "new", "--from", "kaga", "--out", str(out), *words]) == 0
    made = load_profile(out)
    assert (made.code, made.name("en"), made.epsg) == ("17210", "Hakusan City", 6675)
    capsys.readouterr()
    assert main(["profile", "diff", "kaga", str(out)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "[自治体]"
    assert "17206 → 17210" in told[1]
    assert len(told) == 4
    assert main(["profile", "diff", "kaga", "kawasaki", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    ward = next(one for one in found if one["section"] == "wards")
    assert (ward["key"], ward["field"], ward["before"], ward["after"]["name_en"]) == (
        "14131",
        "",
        None,
        "Kawasaki Ward",
    )
    assert main(["profile", "diff", "kaga", "kaga"]) == 0
    # A zone that is none is refused before anything is written.
    other = tmp_path / "no.toml"
    assert main(["profile", "new", "--out", str(other), "--epsg", "4326"]) == 3
    assert not other.exists()


def test_a_plan_takes_a_bundled_profile_by_its_name(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.kawasolar"
    save_project(project, path)
    assert main(["-q", "edit", "input", str(path), "profile", "kaga", "--why", "試算"]) == 0
    made = load_project(path)
    assert made.profile.code == "17206"
    # It names no file that lies elsewhere on another machine.
    assert "profile" not in {entry.role for entry in made.plan.inputs}
    assert made.plan.profile.tables.stations[0].number == "56276"
    capsys.readouterr()
    assert main(["-q", "status", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["stage"] for one in found["stages"] if one["state"] != "fresh"} >= {"survey", "yield"}


def test_a_profile_without_a_file_is_an_edit_that_is_undone(project: Project) -> None:
    plain = document_of(project.profile)
    plain["values"]["co2.grid_factor"]["value"] = 0.3
    text, before = toml_text(plain), project.profile.text
    edit = exchange_files(project.entries, project.plan.inputs, (), Author("花子"), profile=text, before=before)
    taken = with_edit(project, edit)
    assert taken.profile.number("co2.grid_factor") == 0.3
    stale = {state.name for state in states(taken.plan, taken.profile) if not state.is_fresh}
    assert stale == {"yield", "use", "eligibility", "selection"}
    back = with_edit(taken, inverse(edit))
    assert back.profile.text == before
    assert all(state.is_fresh for state in states(back.plan, back.profile))
    # The same once more is no edit.
    again = exchange_files(taken.entries, taken.plan.inputs, (), Author("花子"), profile=text, before=text)
    assert again.changes == ()


def test_a_file_in_the_place_of_a_kept_profile_and_back(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "市.toml"
    file.write_text(load_profile().text.replace("value = 0.43", "value = 0.35"), encoding="utf-8")
    chosen = [InputFile("profile", str(file), file.stat().st_size, "x")]
    edit = exchange_files(
        project.entries, project.plan.inputs, chosen, Author("花子"), profile=load_profile(file).text, before=project.profile.text
    )  # fmt: skip
    taken = with_edit(project, edit)
    assert taken.profile.number("co2.grid_factor") == 0.35
    kept = exchange_files(
        taken.entries, taken.plan.inputs, (), Author("花子"), profile=project.profile.text, before=taken.profile.text
    )
    alone = with_edit(taken, kept)
    assert (alone.profile.number("co2.grid_factor"), [e.role for e in alone.plan.inputs if e.role == "profile"]) == (
        0.43,
        [],
    )
    assert with_edit(alone, inverse(kept)).profile.number("co2.grid_factor") == 0.35

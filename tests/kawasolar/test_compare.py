"""Scenarios side by side: held against a count by hand over the frames, and the papers read by another program."""

from __future__ import annotations

import csv
import math
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from kawasolar.compare import compare, figure_text, find_scenario, lines, setting_text
from kawasolar.compare_figures import FIGURES
from kawasolar.decide import decide
from kawasolar.document import edits
from kawasolar.document.entries import Entries, apply
from kawasolar.errors import NotWritable, PlanError
from kawasolar.export.comparison import write_comparison_csv, write_comparison_xlsx
from kawasolar.export.table import site_table
from kawasolar.figures import figures
from kawasolar.plan import LedgerRead, Project
from kawasolar.stages import bring_up_to_date, plan_fingerprint, stamped, with_edit
from kawasolar.words import LANGUAGES, catalogue
from tests.support.plans import example_plan
from tests.support.town import project_of, small_town

if TYPE_CHECKING:
    from kawasolar.compare import Comparison
    from kawasolar.words import Language

BY = edits.Author("試験 花子", "試験のため")


def copied(project: Project, name: str, note: str = "") -> tuple[Project, str]:
    edit, key = edits.duplicate_scenario(project.entries, "s1", name, note)
    return with_edit(project, edit), key


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Sixty facilities, four scenarios: as it is; more and others; other criteria; the same as the first."""
    plan = example_plan(tmp_path_factory.mktemp("plan"), facilities=60)
    ledger = plan.facilities.copy()
    ledger.loc[4, "name"] = '=HYPERLINK("http://example.invalid")'
    entries = apply(Entries(), edits.first_scenario(Entries(), "現行案"))
    decision = decide(ledger, plan.results, plan.profile, plan.settings)
    plan = replace(
        plan, facilities=ledger, entries=entries, read=LedgerRead(ledger, plan.results.links, {}), decision=decision
    )
    made = Project(entries, "s1", plan.profile, {"s1": stamped(plan, plan.profile)})
    made, more = copied(made, "拡大案", "七割を選ぶ案")
    made = with_edit(made, edits.set_share(made.entries, more, 0.7))
    chosen = made.plans["s1"].decision.sites.query("chosen")["facility_id"].tolist()
    out = made.plans["s1"].decision.sites.query("status == 'eligible' and not chosen")["facility_id"].tolist()
    made = with_edit(made, edits.veto(made.entries, more, chosen[:2], BY))
    made = with_edit(made, edits.pin(made.entries, more, out[-1:], BY))
    made, strict = copied(made, "厳格案")
    made = with_edit(made, edits.set_criterion(made.entries, strict, "remaining_years", True, 30.0, BY))
    made = with_edit(made, edits.set_criterion(made.entries, strict, "seismic", False, None, BY))
    made = with_edit(made, edits.set_objective(made.entries, strict, "energy"))
    made, _ = copied(made, "=1+1")
    return made


@pytest.fixture(scope="module")
def three(project: Project) -> Comparison:
    return compare(project, ["s1", "s2", "s3"])


def classes_by_hand(project: Project, key: str) -> dict[str, str]:
    """Facility by facility, from the decision."""
    found = {}
    for row in project.plans[key].decision.sites.itertuples():
        found[row.facility_id] = "chosen" if row.chosen else row.status
    return found


# ---------------------------------------------------------------------------------------------- the frames


def test_classes_are_those_of_the_decisions(project: Project, three: Comparison) -> None:
    assert three.classes.columns.tolist() == ["s1", "s2", "s3"]
    assert three.classes.index.tolist() == project.plan.facilities["facility_id"].tolist()
    for key in three.keys:
        assert three.classes[key].to_dict() == classes_by_hand(project, key)


def test_sites_are_those_that_differ_between_any_two(project: Project, three: Comparison) -> None:
    by_hand = {key: classes_by_hand(project, key) for key in three.keys}
    ids = project.plan.facilities["facility_id"].tolist()
    differ = [name for name in ids if any(by_hand[a][name] != by_hand[b][name] for a in three.keys for b in three.keys)]
    assert 5 < len(differ) < len(ids)
    assert three.sites["facility_id"].tolist() == differ
    yields = project.plan.results.yields.set_index("facility_id")
    ledger = project.plan.facilities.set_index("facility_id")
    for row in three.sites.to_dict("records"):
        name = row["facility_id"]
        assert (row["name"], row["ward"]) == (ledger.loc[name, "name"], ledger.loc[name, "ward"])
        for key in three.keys:
            site = project.plans[key].decision.sites.set_index("facility_id").loc[name]
            assert row[key] == by_hand[key][name]
            assert (row[f"reason.{key}"], row[f"reason_values.{key}"]) == (site["reason"], site["reason_values"])
            assert row[f"capacity_kw.{key}"] == yields.loc[name, "capacity_kw"]
            assert row[f"energy_kwh.{key}"] == yields.loc[name, "energy_kwh"]


def test_counts_are_those_of_a_count_by_hand(project: Project, three: Comparison) -> None:
    chosen = {
        key: {name for name, kind in classes_by_hand(project, key).items() if kind == "chosen"} for key in three.keys
    }
    everybody = set(project.plan.facilities["facility_id"])
    in_all = set.intersection(*chosen.values())
    assert three.everywhere == len(in_all) > 0
    assert three.nowhere == len(everybody - set.union(*chosen.values())) > 0
    for side in three.sides:
        others = set.union(*(names for key, names in chosen.items() if key != side.key))
        assert side.only == len(chosen[side.key] - others)
    assert three.everywhere + three.nowhere + three.some + sum(side.only for side in three.sides) == len(everybody)
    assert three.some > 0


def test_figures_and_their_differences(project: Project, three: Comparison) -> None:
    table = three.figures
    assert table.index.tolist() == [figure.code for figure in FIGURES]
    for key in three.keys:
        told = figures(project.plans[key])
        # Nobody has reckoned the use of this plan: a figure that is not known is no nought.
        assert told["self_use_ratio"] is None
        for code in table.index:
            assert math.isnan(table.loc[code, key]) if told[code] is None else table.loc[code, key] == told[code]
    for key in ("s2", "s3"):
        for code in table.index:
            assert table.loc[code, f"difference.{key}"] == pytest.approx(
                table.loc[code, key] - table.loc[code, "s1"], nan_ok=True
            )
    assert "difference.s1" not in table.columns
    assert table.loc["chosen", "difference.s2"] > 0
    assert table.loc["energy_kwh", "unit"] == "kWh"


def test_settings_are_what_differs(project: Project, three: Comparison) -> None:
    rows = {(row["kind"], row["name"]): (row["s1"], row["s2"], row["s3"]) for row in three.settings.to_dict("records")}
    seismic = project.profile.criterion("seismic")
    years = project.profile.criterion("remaining_years")
    assert rows[("share", "")] == (0.5, 0.7, 0.5)
    assert rows[("objective", "")] == ("co2", "co2", "energy")
    assert rows[("criterion", "remaining_years")] == ((True, years.threshold), (True, years.threshold), (True, 30.0))
    assert rows[("criterion", "seismic")] == ((seismic.applied, None), (seismic.applied, None), (False, None))
    pins, vetoes = (getattr(project.plans["s2"].settings, name) for name in ("pins", "vetoes"))
    assert {name for kind, name in rows if kind == "pin"} == pins
    assert {name for kind, name in rows if kind == "veto"} == vetoes
    assert all(rows[("veto", name)] == (False, True, False) for name in vetoes)
    assert len(rows) == 4 + len(pins) + len(vetoes)


def test_an_overridden_value_is_a_setting_that_differs(project: Project) -> None:
    turned = with_edit(project, edits.set_value(project.entries, "s2", "co2.grid_factor", 0.3, BY))
    found = compare(turned, ["s1", "s2"])
    row = found.settings[found.settings["kind"] == "value"].iloc[0]
    assert (row["name"], row["s1"], row["s2"]) == ("co2.grid_factor", project.profile.number("co2.grid_factor"), 0.3)
    assert setting_text("ja", "value", "co2.grid_factor", 0.3, found) == "0.3 kg-CO₂/kWh"
    # A share that falls back on another value of the profile is told once.
    turned = with_edit(project, edits.set_value(project.entries, "s4", "plan.share", 0.8, BY))
    found = compare(turned, ["s1", "s4"])
    assert found.settings[["kind", "s1", "s4"]].to_numpy().tolist() == [["share", 0.5, 0.8]]


def test_equal_scenarios_do_not_differ(project: Project) -> None:
    found = compare(project, ["s1", "s4"])
    assert found.sites.empty
    assert found.settings.empty
    assert (found.figures["difference.s4"].dropna() == 0).all()
    assert found.everywhere == int(project.plan.decision.sites["chosen"].sum())
    assert found.some == sum(side.only for side in found.sides) == 0
    assert not any(side.stale for side in found.sides)
    # They are two scenarios all the same: their papers are not mistaken for one another.
    assert found.sides[0].fingerprint != found.sides[1].fingerprint


def test_the_first_is_the_one_that_differences_are_told_to(project: Project) -> None:
    there, back = compare(project, ["s1", "s2"]), compare(project, ["s2", "s1"])
    assert back.keys == ("s2", "s1")
    assert there.figures["difference.s2"].equals(-back.figures["difference.s1"])
    assert there.sites["facility_id"].tolist() == back.sites["facility_id"].tolist()


def test_a_facility_that_one_scenario_does_not_know_differs(project: Project) -> None:
    plan = project.plans["s2"]
    gone = str(plan.facilities["facility_id"].iloc[7])
    kept = plan.decision.sites["facility_id"] != gone
    shorter = replace(
        plan, facilities=plan.facilities[plan.facilities["facility_id"] != gone],
        decision=replace(plan.decision, sites=plan.decision.sites[kept].reset_index(drop=True)),
    )  # fmt: skip
    found = compare(replace(project, plans={**project.plans, "s2": shorter}), ["s2", "s1"])
    row = found.sites.set_index("facility_id").loc[gone]
    assert row["s2"] is None
    assert row["reason.s2"] is None
    assert row["name"] == project.plan.facilities["name"].iloc[7]
    assert len(found.classes) == 60
    assert any(gone in line for line in lines(found, "ja"))


def test_a_stale_scenario_is_marked(tmp_path: Path) -> None:
    project = project_of(small_town(tmp_path / "町"), tmp_path)
    project, key = copied(project, "増設案")
    turned = with_edit(project, edits.set_value(project.entries, key, "module.power", 500.0, BY))
    found = compare(turned, ["s1", key])
    assert [side.stale for side in found.sides] == [(), ("layout", "yield", "eligibility", "selection", "use")]
    assert found.figures.loc["capacity_kw", f"difference.{key}"] == 0, "of the last calculation"
    assert any("再計算が必要" in line for line in lines(found, "ja"))
    done = compare(bring_up_to_date(turned, [key]), ["s1", key])
    assert [side.stale for side in done.sides] == [(), ()]
    assert done.figures.loc["capacity_kw", f"difference.{key}"] > 0
    # Files that are other ones now make all of them stale.
    seen = tuple(replace(entry, sha256="0" * 64) if entry.role == "weather" else entry for entry in turned.plan.inputs)
    assert all(side.stale for side in compare(turned, ["s1", key], seen).sides)
    with_notes = tmp_path / "比較.xlsx"
    write_comparison_xlsx(found, with_notes, "ja")
    texts = [cell.value for row in openpyxl.load_workbook(with_notes)["比較"].iter_rows() for cell in row if cell.value]
    layout = catalogue()["stages.layout"]["ja"]
    assert f"再計算が必要（{layout}、発電量、設置可能の判定、半数の選定、自家消費）" in texts
    assert any("前回の計算" in str(text) for text in texts)


# ---------------------------------------------------------------------------------------------- naming scenarios


def test_scenarios_are_found_by_name_and_by_key(project: Project) -> None:
    assert find_scenario(project, "拡大案") == "s2"
    assert find_scenario(project, " 拡大案 ") == "s2"
    assert find_scenario(project, "s3") == "s3"
    # A name counts before a key.
    named = with_edit(project, edits.rename_scenario(project.entries, "s2", "s3"))
    assert find_scenario(named, "s3") == "s2"
    with pytest.raises(PlanError) as raised:
        find_scenario(project, "ない案")
    assert (raised.value.code, raised.value.details["found"]) == ("compare.no_such_scenario", "ない案")
    assert "現行案" in str(raised.value.details["expected"])


def test_names_that_a_foreign_file_gives_twice(project: Project) -> None:
    table = {key: {**entry, "name": "同じ名"} for key, entry in project.entries.table("scenarios").items()}
    twice = replace(project, entries=Entries({**project.entries.tables, "scenarios": table}))
    with pytest.raises(PlanError) as raised:
        find_scenario(twice, "同じ名")
    assert raised.value.code == "compare.ambiguous_scenario"
    assert find_scenario(twice, "s2") == "s2"


@pytest.mark.parametrize(
    ("keys", "code"),
    [([], "too_few"), (["s1"], "too_few"), (["s1", "s1"], "too_few"), (["s1", "s9"], "no_such_scenario")],
)
def test_what_cannot_be_compared_is_refused(project: Project, keys: list[str], code: str) -> None:
    with pytest.raises(PlanError) as raised:
        compare(project, keys)
    assert raised.value.code == f"compare.{code}"
    assert f"compare.{code}" in catalogue()


# ---------------------------------------------------------------------------------------------- in words


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terminal_names_everything_in_words(project: Project, language: Language) -> None:
    text = "\n".join(lines(compare(project, ["s1", "s2", "s3"]), language))
    assert "compare." not in text
    assert "{" not in text
    for code in ("remaining_years", "outside_half", "ineligible", "co2_t"):
        assert code not in text
    for side in compare(project, ["s1", "s2", "s3"]).sides:
        assert side.fingerprint in text
        assert side.name in text
    same = "\n".join(lines(compare(project, ["s1", "s4"]), language))
    assert catalogue()["compare.line.no_sites"][language] in same
    assert catalogue()["compare.line.no_settings"][language] in same


def test_figures_in_words() -> None:
    assert figure_text("ja", "chosen", 12.0) == "12"
    assert figure_text("ja", "chosen", -3.0, difference=True) == "-3"
    assert figure_text("ja", "capacity_kw", 1234.56, difference=True) == "+1,234.6 kW"
    assert figure_text("ja", "capacity_kw", -0.04, difference=True) == "0.0 kW"
    assert figure_text("ja", "shading_loss", 0.0712) == "7.1 %"
    assert figure_text("en", "shading_loss", 0.01, difference=True) == "+1.0 points"
    assert figure_text("en", "energy_kwh", math.nan) == "–"


# ---------------------------------------------------------------------------------------------- papers


def rows_of(book: openpyxl.Workbook, sheet: str, first: str) -> list[dict[str, Any]]:
    """The table of a sheet, found by its first heading."""
    rows = [[cell.value for cell in row] for row in book[sheet].iter_rows()]
    head = next(k for k, row in enumerate(rows) if row[0] == first)
    names = [str(name).replace("\n", " ") for name in rows[head] if name is not None]
    found = []
    for row in rows[head + 1 :]:
        if row[0] is None:
            break
        found.append(dict(zip(names, row, strict=False)))
    return found


def test_the_workbook_read_by_another_program(project: Project, three: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "シナリオ 比較.xlsx"
    write_comparison_xlsx(three, path, "ja")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["比較", "設定の違い", "判定が異なる施設", "全施設"]
    sides = rows_of(book, "比較", "シナリオ")
    assert [row["シナリオ"] for row in sides] == ["現行案", "拡大案", "厳格案"]
    assert [row["計画照合番号"] for row in sides] == [plan_fingerprint(project.plans[key]) for key in three.keys]
    assert [row["このシナリオだけで選定 (施設)"] for row in sides] == [side.only for side in three.sides]
    assert {row["計算の状態"] for row in sides} == {"最新"}
    assert sides[1]["メモ"] == "七割を選ぶ案"
    told = {row["項目"]: row for row in rows_of(book, "比較", "項目")}
    assert told["選定施設数"]["拡大案の差"] == three.figures.loc["chosen", "difference.s2"]
    assert told["設備容量"]["厳格案"] == round(three.figures.loc["capacity_kw", "s3"], 1)
    assert told["日影損失"]["現行案"] == round(three.figures.loc["shading_loss", "s1"] * 100, 1)
    assert told["年間発電量"]["単位"] == "kWh"
    counted = {row[0].value: row[1].value for row in book["比較"].iter_rows() if row[0].value}
    assert counted["すべてのシナリオで選定 (施設)"] == three.everywhere
    assert counted["いずれも選定なし (施設)"] == three.nowhere
    turned = {row["項目"]: row for row in rows_of(book, "設定の違い", "項目")}
    assert (turned["導入割合"]["現行案"], turned["導入割合"]["拡大案"]) == ("50.0%", "70.0%")
    assert len(turned) == len(three.settings)


def test_sites_of_the_workbook_have_class_and_reason_of_each_scenario(
    project: Project, three: Comparison, tmp_path: Path
) -> None:
    path = tmp_path / "比較.xlsx"
    write_comparison_xlsx(three, path, "ja")
    book = openpyxl.load_workbook(path)
    rows = rows_of(book, "判定が異なる施設", "施設番号")
    assert [row["施設番号"] for row in rows] == three.sites["facility_id"].tolist()
    words = {"chosen": "選定", "eligible": "設置可能（非選定）", "unknown": "要確認", "ineligible": "設置不可"}
    reasons = {key: site_table(project.plans[key], "ja").set_index("施設番号")["理由"] for key in three.keys}
    for row, (_, site) in zip(rows, three.sites.iterrows(), strict=True):
        for side in three.sides:
            assert row[side.name] == words[site[side.key]]
            assert row[f"理由：{side.name}"] == reasons[side.key][row["施設番号"]]
        # The same in all scenarios: one column.
        assert row["設備容量 (kW)"] == pytest.approx(site["capacity_kw.s1"])
    whole = rows_of(book, "全施設", "施設番号")
    assert [row["施設番号"] for row in whole] == three.classes.index.tolist()
    assert [row["拡大案"] for row in whole] == [words[name] for name in three.classes["s2"]]


def test_numbers_that_differ_have_a_column_for_each(tmp_path: Path) -> None:
    project = project_of(small_town(tmp_path / "町"), tmp_path)
    project, key = copied(project, "増設案")
    project = with_edit(project, edits.set_value(project.entries, key, "module.power", 500.0, BY))
    project = bring_up_to_date(with_edit(project, edits.set_share(project.entries, key, 1.0)), [key])
    path = tmp_path / "比較.xlsx"
    write_comparison_xlsx(compare(project, ["s1", key]), path, "ja")
    row = rows_of(openpyxl.load_workbook(path), "判定が異なる施設", "施設番号")[0]
    assert row["設備容量 (kW)：増設案"] > row["設備容量 (kW)：案1"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_becomes_a_formula(project: Project, tmp_path: Path, language: Language) -> None:
    """A facility and a scenario are called like formulas."""
    found = compare(project, ["s2", "s4"])
    assert "=1+1" in {side.name for side in found.sides}
    path = tmp_path / "a.xlsx"
    write_comparison_xlsx(found, path, language)
    for sheet in openpyxl.load_workbook(path).worksheets:
        assert sheet.print_title_rows or sheet.title in ("比較", "Comparison")
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)
    with zipfile.ZipFile(path) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist() if "worksheets/sheet" in name)
    target = tmp_path / "a.csv"
    write_comparison_csv(found, target, language)
    for line in csv.reader(target.read_text("utf-8-sig").splitlines()):
        assert not any(cell.startswith(("=", "+", "@")) for cell in line)


def test_the_csv_says_which_plans_it_compares(project: Project, three: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "違い.csv"
    write_comparison_csv(three, path, "ja")
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == len(three.sites) + 1
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert [row["施設番号"] for row in rows] == three.sites["facility_id"].tolist()
    for side in three.sides:
        assert {row[f"計画照合番号：{side.name}"] for row in rows} == {plan_fingerprint(project.plans[side.key])}
    assert {row["計画名"] for row in rows} == {project.name}


def test_equal_scenarios_make_papers_too(project: Project, tmp_path: Path) -> None:
    found = compare(project, ["s1", "s4"])
    write_comparison_xlsx(found, tmp_path / "a.xlsx", "en")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    heading = catalogue()["export.column.facility_id"]["en"]
    assert rows_of(book, "Sites that differ", heading) == []
    assert len(rows_of(book, "All facilities", heading)) == 60
    write_comparison_csv(found, tmp_path / "a.csv", "en")
    assert len((tmp_path / "a.csv").read_text("utf-8-sig").splitlines()) == 1


def test_a_paper_that_cannot_be_written_leaves_what_stood(
    three: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for write, name in ((write_comparison_xlsx, "a.xlsx"), (write_comparison_csv, "a.csv")):
        path = tmp_path / name
        path.write_bytes(b"stood")

        def locked(_self: Path, _target: Path) -> None:
            raise PermissionError(13, "locked")

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", locked)
            with pytest.raises(NotWritable):
                write(three, path, "ja")
        assert path.read_bytes() == b"stood"
        assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".kawasolar")] == []

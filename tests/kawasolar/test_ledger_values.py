"""Cells of a ledger: every form of year, number, mark and word that municipalities write."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kawasolar.ledger import values
from kawasolar.ledger.cells import MARKS
from kawasolar.ledger.vocabulary import folded, heading_key, heading_unit, vocabulary

ERAS = {
    "明治": (1868, 1912, "M"),
    "大正": (1912, 1926, "T"),
    "昭和": (1926, 1989, "S"),
    "平成": (1989, 2019, "H"),
    "令和": (2019, 2045, "R"),
}
KANJI = "〇一二三四五六七八九"


@pytest.mark.parametrize(
    ("cell", "year"),
    [
        ("S53", 1978),
        ("s.53", 1978),
        ("昭和53年度", 1978),
        ("昭和５３年３月", 1978),
        ("昭53", 1978),
        ("H元", 1989),
        ("平成元年", 1989),
        ("平成３１年（令和元年）", 2019),
        ("R6", 2024),
        ("令和６年度", 2024),
        ("令和 6 年", 2024),
        ("S8.1", 1933),
        ("S53.3.31", 1978),
        ("昭和五十三年", 1978),
        ("平成十年度", 1998),
        ("平成42年度", 2030),
        ("1978", 1978),
        (1978, 1978),
        (1978.0, 1978),
        ("1978.0", 1978),
        ("1978年度", 1978),
        ("1978年3月", 1978),
        ("1978/3/31", 1978),
        ("1978-03-31", 1978),
        ("1978.3", 1978),
        ("197803", 1978),
        ("19780331", 1978),
        ("1978（S53）", 1978),
        ("FY2024", 2024),
        ("約1978年頃", 1978),
        ("R9廃止", 2027),
        ("令和9年度末廃止予定", 2027),
        ("2027廃校", 2027),
        ("S53築", 1978),
        (pd.Timestamp(1978, 3, 31).to_pydatetime(), 1978),
        (dt.date(1978, 3, 31), 1978),
    ],
)
def test_year_forms(cell: object, year: int) -> None:
    assert values.year(cell) == year


@pytest.mark.parametrize("cell", ["", None, "不明", "－", "-", "未定", "？", "なし", "予定なし", float("nan")])
def test_year_missing(cell: object) -> None:
    assert values.year(cell) is None


@pytest.mark.parametrize(
    "cell", ["53", "廃止", "R9廃止2", "S65", "昭和70年", "S0", "H100", "T16", "古い", "10年前", "S5A", "Shop1978"]
)
def test_year_not_understood(cell: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        values.year(cell)


@given(st.integers(1868, 2044), st.data())
def test_year_comes_back_from_every_way_of_writing_it(year: int, data: st.DataObject) -> None:
    """Oracle: the eras' first years, by which the text is made here."""
    era, (begin, _, short) = data.draw(st.sampled_from([(k, v) for k, v in ERAS.items() if v[0] <= year <= v[1]]))
    count = year - begin + 1
    tens, ones = divmod(count, 10)
    kanji = ("" if tens == 0 else ("" if tens == 1 else KANJI[tens]) + "十") + (KANJI[ones] if ones else "")
    number = data.draw(
        st.sampled_from(
            [
                str(count),
                f"{count:02d}",
                str(count).translate(str.maketrans("0123456789", "０１２３４５６７８９")),
                kanji,
            ]
        )
    )
    if count == 1:
        number = data.draw(st.sampled_from([number, "元"]))
    head = data.draw(
        st.sampled_from([era, era[0]] if number == kanji else [era, era[0], short, short.lower(), short + "."])
    )
    tail = data.draw(st.sampled_from(["", "年", "年度", "年3月", "年 12月 1日", "/4", ".4.1"]))
    assert values.year(head + number + tail) == year
    western = data.draw(st.sampled_from(["{}", "{}年", "{}年度", "{}/4/1", "{}-12", "{}.0", "西暦{}年"]))
    assert values.year(western.format(year)) == year


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1,234.5", 1234.5),
        ("１，２３４", 1234),
        (12, 12),
        ("△5", -5),
        ("-5", -5),
        ("1.2MWh", 1200),
        ("3千kWh", 3000),
        ("120 kWh", 120),
        ("約120", 120),
        ("1e3", 1000),
        (float("inf"), None),
        ("不明", None),
    ],
)
def test_numbers(cell: object, number: float | None) -> None:
    assert values.number(cell, vocabulary().units["annual_kwh"]) == number


@pytest.mark.parametrize("cell", ["abc", "12円", "12 kW", "1e999", "--5", dt.date(2024, 1, 2)])
def test_number_of_another_kind_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        values.number(cell, vocabulary().units["annual_kwh"])


@given(st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 2)))
def test_thousands_separators_change_nothing(number: float) -> None:
    assert values.number(f"{number:,.2f}") == pytest.approx(number, abs=1e-9)


@pytest.mark.parametrize(
    ("cell", "storeys"),
    [
        ("3", 3),
        (3, 3),
        ("3階", 3),
        ("地上3階", 3),
        ("地上3階地下1階", 3),
        ("地上3階/地下1階", 3),
        ("3F/B1", 3),
        ("B1F/3F", 3),
        ("3/1", 3),
        ("平屋", 1),
        ("3階建て", 3),
        ("１０", 10),
        ("-", None),
    ],
)
def test_storeys(cell: object, storeys: float | None) -> None:
    assert values.storeys(cell) == storeys


@pytest.mark.parametrize(
    ("cell", "depth"),
    [
        ("0.5m未満", 0.5),
        ("0.5m～3.0m未満", 3.0),
        ("0.5～3.0", 3.0),
        ("0.5-3.0m", 3.0),
        ("5m以上", 5.0),
        ("50cm", 0.5),
        ("なし", 0.0),
        ("区域外", 0.0),
        ("1.2", 1.2),
        (2, 2.0),
        ("", None),
        ("不明", None),
    ],
)
def test_flood_depth(cell: object, depth: float | None) -> None:
    assert values.depth(cell, vocabulary().units["flood_depth_m"]) == depth


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("heritage", "登録有形文化財", "registered"), ("heritage", "国指定重要文化財", "designated"), ("heritage", "市指定有形文化財", "designated"),
        ("heritage", "景観重要建造物", "landscape"), ("heritage", "重要伝統的建造物群保存地区", "district"), ("heritage", "協議済（登録有形文化財）", "agreed"),
        ("heritage", "○", "designated"), ("heritage", "×", "none"), ("heritage", "なし", "none"), ("heritage", "該当なし", "none"), ("heritage", "未指定", "none"),
        ("heritage", "不明", None), ("heritage", "", None),
        ("landslide", "土砂災害特別警戒区域", "special"), ("landslide", "土砂災害警戒区域（急傾斜地の崩壊）", "warning"), ("landslide", "イエローゾーン", "warning"),
        ("landslide", "レッドゾーン", "special"), ("landslide", "特別警戒区域外", "none"), ("landslide", "区域外", "none"), ("landslide", "○", "warning"), ("landslide", "調査中", None),
        ("roofing", "石綿スレート", "asbestos_slate"), ("roofing", "波形スレート(石綿含有)", "asbestos_slate"), ("roofing", "無石綿スレート", "free_slate"),
        ("roofing", "化粧スレート", "slate"), ("roofing", "日本瓦", "tile"), ("roofing", "瓦棒葺", "metal"), ("roofing", "ETFEフィルム", "membrane"),
        ("roofing", "膜構造", "membrane"), ("roofing", "折板", "metal"), ("roofing", "アスファルト防水", "waterproofed"), ("roofing", "屋上緑化", "green"),
    ],
)  # fmt: skip
def test_marks_and_coverings(column: str, cell: str, code: str | None) -> None:
    read = values.marked(column) if column in MARKS else values.coded(column)
    assert read(cell) == code


def test_bare_mark_below_the_special_area() -> None:
    read = values.marked("landslide", special=True)
    assert [read(cell) for cell in ("○", "有", "警戒区域", "×")] == ["special", "special", "warning", "none"]
    with pytest.raises(ValueError, match="謎"):
        read("謎")


@pytest.mark.parametrize(
    ("cell", "flag"),
    [
        ("○", True),
        ("〇", True),
        ("◯", True),
        ("×", False),
        ("✕", False),
        ("有", True),
        ("無", False),
        ("はい", True),
        ("いいえ", False),
        ("1", True),
        (1, True),
        (0, False),
        (True, True),
        (False, False),
        ("TRUE", True),
        ("", None),
        ("－", None),
        ("不明", None),
    ],
)
def test_marks(cell: object, flag: bool | None) -> None:
    assert values.flag(cell) is flag
    assert values.shelter(cell) is flag


def test_shelter_in_words() -> None:
    assert values.shelter("指定避難所") is True
    assert values.shelter("避難所ではない") is False
    with pytest.raises(ValueError, match="たぶん"):
        values.shelter("たぶん")


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("structure", "RC造", "rc"),
        ("structure", "ＲＣ", "rc"),
        ("structure", "鉄筋コンクリート造", "rc"),
        ("structure", "鉄骨鉄筋コンクリート造", "src"),
        ("structure", "SRC", "src"),
        ("structure", "S造", "s"),
        ("structure", "鉄骨造", "s"),
        ("structure", "軽量鉄骨造", "s"),
        ("structure", "木造2階建", "w"),
        ("structure", "CB造", "cb"),
        ("structure", "コンクリートブロック造", "cb"),
        ("structure", "RC造一部S造", "rc"),
        ("structure", "S造・RC造", "s"),
        ("structure", "RC-3", "rc"),
        ("structure", "不明", None),
        ("seismic", "新耐震", "new"),
        ("seismic", "新耐震基準", "new"),
        ("seismic", "耐震改修済", "retrofitted"),
        ("seismic", "旧耐震（改修済）", "retrofitted"),
        ("seismic", "耐震性あり(診断済)", "not_needed"),
        ("seismic", "旧耐震（耐震補強不要）", "not_needed"),
        ("seismic", "未改修", "insufficient"),
        ("seismic", "旧耐震", "insufficient"),
        ("seismic", "要補強", "insufficient"),
        ("seismic", "耐震性なし", "insufficient"),
        ("seismic", "不明", None),
        ("seismic", "診断未実施", None),
        ("roof_type", "陸屋根", "flat"),
        ("roof_type", "切妻", "gable"),
        ("roof_type", "切妻屋根(金属板)", "gable"),
        ("roof_type", "寄棟", "hip"),
        ("roof_type", "のこぎり屋根", "sawtooth"),
        ("roof_type", "折板", "metal"),
        ("roof_type", "ドーム", "other"),
    ],
)
def test_codes(column: str, cell: str, code: str | None) -> None:
    assert values.coded(column)(cell) == code


def test_unknown_word_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="紙"):
        values.coded("structure")("紙")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("川崎市立高津小学校", "school"),
        ("西中原中学校", "school"),
        ("高津図書館", "library"),
        ("図書館前公園", "park"),
        ("高津区役所", "office"),
        ("高津消防署", "fire_station"),
        ("高津消防署梶ヶ谷出張所", "fire_station"),
        ("区役所出張所", "office"),
        ("溝口保育園", "nursery"),
        ("市民館橘分館", "hall"),
        ("橘こども文化センター", "hall"),
        ("橘処理センター", "waste_plant"),
        ("長沢浄水場", "water_works"),
        ("高津スポーツセンター", "sports"),
        ("末長老人いこいの家", "welfare"),
        ("市営住宅末長団地", "housing"),
        ("学校給食センター", "other"),
        ("集会所(旧末長小学校)", "hall"),
        ("なにか", None),
    ],
)
def test_kind_by_name(name: str, kind: str | None) -> None:
    assert values.kind_of_name(name) == kind


@pytest.mark.parametrize(
    ("cell", "degrees"),
    [
        ("35.6", 35.6),
        (35.6, 35.6),
        ("北緯35.6度", 35.6),
        ("35度36分0秒", 35.6),
        ("35°36′00.0″N", 35.6),
        ("東経139度36分", 139.6),
        ("35°36'0\"S", -35.6),
        ("―", None),
        ("", None),
    ],
)
def test_angles(cell: object, degrees: float | None) -> None:
    found = values.angle(cell)
    assert found is None if degrees is None else math.isclose(found or 0.0, degrees, abs_tol=1e-9)


def test_building_ids_are_joined_once_each_in_order() -> None:
    assert values.building_ids("B2, B1；B2\nB3、B4") == "B2;B1;B3;B4"
    assert values.building_ids("－") is None
    assert values.building_ids(1001.0) == "1001"


def test_headings() -> None:
    assert heading_key("延 床面積（㎡）") == heading_key("延床面積")
    assert heading_key("都道府県コ―ド") == heading_key("都道府県コード")
    assert heading_unit("年間電力使用量（千kWh）") == "千kwh"
    assert heading_unit("延面積(㎡)") == "m2"
    assert folded("ＲＣ 造") == "rc造"


def test_vocabulary_uses_only_the_codes_of_the_nomenclature() -> None:
    expected = {
        "structure": {"rc", "src", "s", "w", "cb", "other"},
        "seismic": {"new", "retrofitted", "not_needed", "insufficient", "unknown"},
        "roof_type": {"flat", "gable", "hip", "sawtooth", "metal", "other"},
        "kind": {
            "school",
            "office",
            "library",
            "nursery",
            "fire_station",
            "hall",
            "depot",
            "waste_plant",
            "water_works",
            "sports",
            "welfare",
            "housing",
            "park",
            "other",
        },
    }
    for column, codes in expected.items():
        assert {code for _, code, _, _ in vocabulary().codes[column].patterns} == codes


@given(st.one_of(st.text(max_size=60), st.floats(), st.integers(), st.none(), st.booleans(), st.datetimes()))
def test_parsers_raise_nothing_but_value_error(cell: object) -> None:
    units = vocabulary().units["annual_kwh"]
    parsers = [
        values.year,
        values.number,
        lambda c: values.number(c, units),
        values.storeys,
        values.depth,
        values.flag,
        values.shelter,
    ]
    parsers += [values.angle, values.building_ids, values.text, values.kind_of_name]
    parsers += [values.coded(column) for column in vocabulary().codes]
    for parse in parsers:
        try:
            found = parse(cell)
        except ValueError:
            continue
        assert found is None or isinstance(found, (str, float, bool))
        assert not isinstance(found, float) or math.isfinite(found)

"""Nothing of one city is in the program: what is a fact of Kawasaki, or of Kaga, stands in its profile."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# The city, its code and those of its wards, its zone, its utility, the wards, its stations; and the same of the second city.
FACTS = re.compile(
    "川崎|kawasaki|6677|1413[0-7]|IX系|zone IX\\b|東京電力|TEPCO|幸区|中原区|高津区|多摩区|宮前区|麻生区|44132|46106|44116|46091"
    "|加賀|(?<![a-z])kaga(?![a-z])|6675|17206|北陸電力|hokuriku|56276",
    re.IGNORECASE,
)
# Sources in words: a paper's place of publication is no fact that the program works with.
SOURCES = Path("resources/profiles")


def code_of(path: Path) -> str:
    """A module without its comments and docstrings."""
    text = path.read_text("utf-8")
    lines = text.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row = token.start[0] - 1
            lines[row] = lines[row][: token.start[1]] + "\n"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for row in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[row] = "\n"
    return "".join(lines)


def test_what_is_looked_for_is_found(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text('"""Of Kawasaki."""\n\n# EPSG:6677\nX = 1  # 川崎\n', encoding="utf-8")
    assert not FACTS.search(code_of(file))
    file.write_text('"""Words."""\n\nEPSG = 6677\n', encoding="utf-8")
    assert FACTS.search(code_of(file))
    for text in ("川崎市なら", "zone IX", "TEPCO", "EPSG:6675", "--profile kaga"):
        assert FACTS.search(text)


@pytest.mark.parametrize("floor", ["gis", "kawasolar", "ui"])
def test_no_module_knows_a_city(floor: str) -> None:
    found = {}
    for path in sorted((ROOT / floor).rglob("*.py")):
        hits = sorted({hit.group() for hit in FACTS.finditer(code_of(path))})
        if hits:
            found[str(path.relative_to(ROOT))] = hits
    assert found == {}


def test_no_word_and_no_table_knows_a_city() -> None:
    found = {}
    for path in sorted((ROOT / "resources").rglob("*")):
        if path.suffix not in (".toml", ".csv", ".qss") or SOURCES in path.relative_to(ROOT).parents:
            continue
        text = "\n".join(line.partition("#")[0] for line in path.read_text("utf-8").splitlines())
        hits = sorted({hit.group() for hit in FACTS.finditer(text)})
        if hits:
            found[str(path.relative_to(ROOT))] = hits
    assert found == {}


def test_profiles_that_come_with_the_program_are_listed_and_no_others_lie_there() -> None:
    folder = ROOT / SOURCES
    names = tomllib.loads((folder / "bundled.toml").read_text("utf-8"))["names"]
    assert sorted(path.stem for path in folder.glob("*.toml") if path.name != "bundled.toml") == sorted(names)

"""``python -m sample_data.generator [--out DIR] [--seed N]``: makes the sample town again."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from sample_data.generator.facts import KINDS, building_names, facts
from sample_data.generator.layers import outlines, write_outlines, write_surface
from sample_data.generator.ledger import write_facilities
from sample_data.generator.town import make

SEED = 20240401


def generate(out: Path, seed: int) -> None:
    """Make every file of the sample in ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    made = make(seed)
    layer = outlines(made.buildings, building_names(made))
    write_surface(out / "dsm.tif", made.surface)
    write_outlines(out / "buildings.gpkg", layer)
    known = facts(made, layer, seed)
    for fact in known:
        fact.contract_kw = math.ceil(fact.kwh / 8760.0 / KINDS[fact.kind][4])
    write_facilities(out / "facilities.csv", known, seed)


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m sample_data.generator", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    generate(arguments.out, arguments.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())

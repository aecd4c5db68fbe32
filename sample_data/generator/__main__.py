"""``python -m sample_data.generator [--out DIR] [--seed N]``: makes the sample town again."""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
from pathlib import Path

from sample_data.generator import layers, loads, meters, weather
from sample_data.generator.facts import KINDS, Fact, building_names, facts
from sample_data.generator.lamps import lamps, write_lamps
from sample_data.generator.ledger import write_facilities
from sample_data.generator.private import write_private
from sample_data.generator.town import Made, make
from sample_data.generator.vehicles import vehicles, write_vehicles

SEED = 20240401
# State of the generator's sources when the bundled files were made.
STATE = Path(__file__).with_name("made_by.sha256")


def state() -> str:
    """The state of the generator's sources."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def write_surface_and_outlines(out: Path, made: Made) -> None:
    """The two layers: ``dsm.tif`` and ``buildings.gpkg``."""
    layers.write_surface(out / "dsm.tif", made.surface)
    layers.write_outlines(out / "buildings.gpkg", layers.outlines(made.buildings, building_names(made)))


def write_tables(out: Path, made: Made, seed: int) -> list[Fact]:
    """Weather, meters and ledgers, in the order in which they follow from one another."""
    layer = layers.outlines(made.buildings, building_names(made))
    known = facts(made, layer, seed)
    hours = weather.hours(seed)
    weather.write_normals(out / "weather_normals.csv")
    weather.write_weather(out / "weather.csv", hours, seed)
    series = loads.demand(meters.metered(known), hours, seed)
    meters.write_meters(out / "meters", series)
    meters.write_supply_points(out / "supply_points.csv", series)
    for fact in known:
        if fact.contract_kw == 0:
            fact.contract_kw = math.ceil(fact.kwh / 8760.0 / KINDS[fact.kind][4])
    write_facilities(out / "facilities.csv", known, seed)
    write_private(out / "private_facilities.csv", made, layer, seed)
    write_lamps(out / "lamps.csv", lamps(known, seed), seed)
    write_vehicles(out / "vehicles.csv", vehicles(known, seed), seed)
    return known


def generate(out: Path, seed: int) -> None:
    """Make every file of the sample in ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    made = make(seed)
    write_surface_and_outlines(out, made)
    write_tables(out, made, seed)


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m sample_data.generator", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    generate(arguments.out, arguments.seed)
    if arguments.out.resolve() == STATE.parents[1]:
        STATE.write_text(state() + "\n", "ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())

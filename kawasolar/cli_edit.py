"""The command line for what a person enters: ``kawasolar edit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.bundled import is_bundled, profile_path
from kawasolar.cli import app
from kawasolar.cli_project import ProjectFile, Scenario, Why, author, edited
from kawasolar.console import State, tell_findings
from kawasolar.errors import PlanError
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.document.entries import Edit
    from kawasolar.plan import Project

edit_app = typer.Typer(
    help="What a person enters: settings, values, corrections.", no_args_is_help=True, add_completion=False
)
app.add_typer(edit_app, name="edit")

# A number below zero is a number, not an option.
_NEGATIVE: dict[str, Any] = {"ignore_unknown_options": True}


@edit_app.command("share")
def edit_share(
    project: ProjectFile, share: Annotated[float, typer.Argument(min=0.0, max=1.0)], scenario: Scenario = ""
) -> None:
    """Share of the eligible facilities to choose."""
    from kawasolar.document import edits

    edited(project, lambda opened, key: edits.set_share(opened.entries, key, share), scenario)


@edit_app.command("criterion")
def edit_criterion(
    project: ProjectFile, criterion: str, threshold: Annotated[float | None, typer.Option(help="threshold in the criterion's unit")] = None,
    applied: Annotated[bool, typer.Option("--on/--off")] = True, why: Why = "", scenario: Scenario = "",
) -> None:  # fmt: skip
    """Apply a criterion of eligibility or not, with this threshold."""
    from kawasolar.document import edits
    from kawasolar.value_rules import CRITERION_RULES

    def make(opened: Project, key: str) -> Edit:
        if criterion not in CRITERION_RULES:
            raise PlanError("edit.no_such_criterion", key=criterion)
        known = opened.plans[key].profile.criterion(criterion).threshold if threshold is None else threshold
        return edits.set_criterion(opened.entries, key, criterion, applied, known, author(why))

    edited(project, make, scenario)


@edit_app.command("pin")
def edit_pin(project: ProjectFile, facilities: list[str], why: Why = "", scenario: Scenario = "") -> None:
    """Facilities that must be in."""
    from kawasolar.document import edits

    edited(
        project,
        lambda opened, key: edits.pin(opened.entries, key, known_facilities(opened, facilities), author(why)),
        scenario,
    )


@edit_app.command("veto")
def edit_veto(project: ProjectFile, facilities: list[str], why: Why = "", scenario: Scenario = "") -> None:
    """Facilities that must be out."""
    from kawasolar.document import edits

    edited(
        project,
        lambda opened, key: edits.veto(opened.entries, key, known_facilities(opened, facilities), author(why)),
        scenario,
    )


@edit_app.command("release")
def edit_release(project: ProjectFile, facilities: list[str], scenario: Scenario = "") -> None:
    """Facilities that are neither pinned nor vetoed."""
    from kawasolar.document import edits

    edited(project, lambda opened, key: edits.release(opened.entries, key, facilities), scenario)


@edit_app.command("value", context_settings=_NEGATIVE)
def edit_value(
    project: ProjectFile, value_key: Annotated[str, typer.Argument(help="key of the profile's value")], value: Annotated[float | None, typer.Argument(help="the number; nothing gives the profile's back")] = None,
    why: Why = "", source: Annotated[str, typer.Option(help="where the number comes from")] = "", scenario: Scenario = "",
    compute: Annotated[bool, typer.Option("--run", help="compute what follows at once")] = False,
) -> None:  # fmt: skip
    """Override a number of the profile in a scenario."""
    from kawasolar.document import edits
    from kawasolar.value_rules import VALUE_RULES

    def make(opened: Project, key: str) -> Edit:
        if value_key not in VALUE_RULES:
            raise PlanError("edit.no_such_value", key=value_key)
        if value is None:
            return edits.reset_value(opened.entries, key, [value_key])
        return edits.set_value(opened.entries, key, value_key, value, author(why), source=source)

    edited(project, make, scenario, run=compute)


@edit_app.command("layout")
def edit_layout(
    project: ProjectFile, facilities: list[str],
    racks: Annotated[str, typer.Option(help="on flat roofs: azimuth, building or east_west")] = "",
    orientation: Annotated[str, typer.Option(help="portrait, landscape or more")] = "",
    tilt: Annotated[float | None, typer.Option(help="of racks [°]")] = None,
    azimuth: Annotated[float | None, typer.Option(help="of racks, true [°]")] = None,
    most_kw: Annotated[float | None, typer.Option(help="most capacity of each [kW], from the best-lit planes; 0 for all that its roofs hold")] = None,
    module: Annotated[str, typer.Option(help="key of the catalogue (kawasolar modules)")] = "",
    catalogue: Annotated[Path | None, typer.Option(help="catalogue of your own (CSV)")] = None,
    value: Annotated[list[str] | None, typer.Option("--value", help="KEY=NUMBER of any other value of the layout")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="as the rest of the plan again")] = False,
    why: Why = "", scenario: Scenario = "", compute: Annotated[bool, typer.Option("--run/--later", help="compute what follows at once")] = True,
) -> None:  # fmt: skip
    """Lay modules out on the roofs of some facilities otherwise than on the rest."""
    from kawasolar.document import edits
    from kawasolar.layout_values import ORIENTATIONS, RACKS
    from kawasolar.modules import module_of, values_of

    values: dict[str, float | None] = {}
    for key, given, known in (("layout.racks", racks, RACKS), ("layout.orientation", orientation, ORIENTATIONS)):
        if given and given not in known:
            raise typer.BadParameter(", ".join(known), param_hint=f"--{key.partition('.')[2]}")
        if given:
            values[key] = 1.0 + known.index(given)
    values |= {
        key: number
        for key, number in (("pv.rack_tilt", tilt), ("pv.rack_azimuth", azimuth), ("layout.most_kw", most_kw))
        if number is not None
    }
    if module:
        values |= values_of(module_of(module, catalogue))
    for pair in value or ():
        key, _, text = pair.partition("=")
        try:
            values[key] = float(text)
        except ValueError:
            raise typer.BadParameter(pair, param_hint="--value") from None
    if not values and not reset:
        raise typer.BadParameter(
            "--racks, --orientation, --tilt, --azimuth, --most-kw, --module, --value", param_hint="--reset"
        )

    def make(opened: Project, key: str) -> Edit:
        asked = {} if reset else values
        return edits.lay_out(opened.entries, key, known_facilities(opened, facilities), asked, author(why))

    edited(project, make, scenario, run=compute)


@edit_app.command("ledger", context_settings=_NEGATIVE)
def edit_ledger(
    project: ProjectFile, facility: str, column: str, value: Annotated[str, typer.Argument(help="the value; empty for none")], why: Why = "",
) -> None:  # fmt: skip
    """Correct a value of the ledger."""
    from kawasolar.document import edits
    from kawasolar.document.views import ledger_value, read_value

    def make(opened: Project, _key: str) -> Edit:
        if not value.strip() and _waits(opened, "ledger", f"{column}/{facility}", facility):
            return edits.correct_ledger(opened.entries, facility, column, None, None, author(why))
        (known,) = known_facilities(opened, [facility])
        read = read_value(opened.plan, known, column)
        return edits.correct_ledger(opened.entries, known, column, ledger_value(column, value), read, author(why))

    edited(project, make)


@edit_app.command("join")
def edit_join(
    project: ProjectFile, facility: str, buildings: Annotated[list[str] | None, typer.Argument(help="ids of its buildings")] = None,
    automatic: Annotated[bool, typer.Option("--automatic", help="as the program joins it")] = False,
    none: Annotated[bool, typer.Option("--none", help="it has no building")] = False,
    shared: Annotated[list[str] | None, typer.Option("--shared", help="a building in which it is besides, whose roof counts for another facility")] = None, why: Why = "",
    compute: Annotated[bool, typer.Option("--run", help="compute what follows at once")] = False,
) -> None:  # fmt: skip
    """Name the buildings of a facility."""
    from kawasolar.document import edits

    said = (bool(buildings), automatic, none).count(True)
    if (said != 1 and not (said == 0 and shared)) or (automatic and shared):
        raise typer.BadParameter(say(State.language, "cli.join_words"), param_hint="--automatic")

    def make(opened: Project, _key: str) -> Edit:
        if automatic and _waits(opened, "joins", facility, facility):
            return edits.correct_join(opened.entries, facility, None, author(why))
        (known,) = known_facilities(opened, [facility])
        strange = {*(buildings or []), *(shared or [])} - set(opened.plan.results.buildings["building_id"])
        if strange:
            raise PlanError("edit.no_such_building", building=", ".join(sorted(strange)))
        chosen = None if automatic else (buildings or [])
        return edits.correct_join(opened.entries, known, chosen, author(why), shared or ())

    edited(project, make, run=compute)


@edit_app.command("meter")
def edit_meter(
    project: ProjectFile,
    point: Annotated[str | None, typer.Argument(help="supply point, or the meter's name where it has none")] = None,
    facility: Annotated[str | None, typer.Argument(help="facility_id whose it is")] = None,
    automatic: Annotated[bool, typer.Option("--automatic", help="as the program takes it by its name")] = False,
    none: Annotated[bool, typer.Option("--none", help="it is no facility's of the plan")] = False,
    points: Annotated[Path | None, typer.Option("--list", help="list of supply points with their facilities (CSV, XLSX), for all at once")] = None,
    why: Why = "",
) -> None:  # fmt: skip
    """Say whose supply point it is, or whose all of a list are."""
    from kawasolar.document import edits
    from kawasolar.meters import store_of

    if (facility is not None, automatic, none, points is not None).count(True) != 1 or (point is None) != (
        points is not None
    ):
        raise typer.BadParameter(say(State.language, "cli.meter_words"), param_hint="--automatic")

    def make(opened: Project, _key: str) -> Edit:
        if points is not None:
            from kawasolar.document.views import aliases_of
            from kawasolar.registers import supply_points_of

            owners, findings = supply_points_of(points, opened.plan.facilities, aliases_of(opened.entries))
            tell_findings(tuple(findings))
            return edits.own_meters(opened.entries, owners, author(why))
        if facility is not None:
            known_facilities(opened, [facility])
            store = store_of(opened.plan)
            if store is None or point not in set(store.points["key"]):
                raise PlanError("edit.no_such_meter", point=point)
        return edits.own_meters(opened.entries, {str(point): None if automatic else (facility or "")}, author(why))

    edited(project, make)


@edit_app.command("keepout")
def edit_keepout(
    project: ProjectFile, building: str, wkt: Annotated[str, typer.Argument(help="POLYGON in the project's CRS; empty removes the building's")] = "", why: Why = "",
    purpose: Annotated[str, typer.Option(help="other, refuge (from a tsunami) or access (of people and fire service)")] = "other",
    compute: Annotated[bool, typer.Option("--run", help="compute what follows at once")] = False,
) -> None:  # fmt: skip
    """Draw an area on a roof where no modules may stand."""
    import shapely

    from kawasolar.document import edits
    from kawasolar.document.entries import PURPOSES

    if purpose not in PURPOSES:
        raise typer.BadParameter(", ".join(PURPOSES), param_hint="--purpose")

    def make(opened: Project, _key: str) -> Edit:
        if building not in set(opened.plan.results.buildings["building_id"]):
            raise PlanError("edit.no_such_building", building=building)
        if not wkt:
            table = opened.entries.table("keepouts")
            return edits.remove_keepouts(
                opened.entries, [k for k, entry in table.items() if entry["building_id"] == building]
            )
        try:
            shape = shapely.from_wkt(wkt)
        except shapely.errors.ShapelyError as error:
            raise PlanError("edit.bad_keepout", building=building) from error
        if not isinstance(shape, shapely.Polygon):
            raise PlanError("edit.bad_keepout", building=building)
        return edits.add_keepout(opened.entries, building, shape, author(why), purpose)

    edited(project, make, run=compute)


def _waits(project: Project, table: str, key: str, facility: str) -> bool:
    """Whether something was entered of a facility that the ledger has no more: it can still be taken away."""
    return project.entries.get(table, key) is not None and facility not in set(project.plan.facilities["facility_id"])


@edit_app.command("input")
def edit_input(
    project: ProjectFile,
    role: Annotated[
        str,
        typer.Argument(
            help="dsm, buildings, facilities, weather, weather_2, weather_3 (further stations), weather_sunny, weather_dull, canopy, roof_planes, roads, wards, meters, parcels, addresses, lamps, vehicles, wings, meter_points, roof_works, charge_demand, charge_candidates, charge_standing (sites of chargers), lamp_table, car_catalogue, charger_table (in the place of the program's) or profile"
        ),
    ],
    file: Annotated[Path | None, typer.Argument(help="the file to take")] = None,
    crs: Annotated[str, typer.Option(help="CRS of a file that names none")] = "",
    layer: Annotated[str, typer.Option(help="layer or sheet")] = "",
    none: Annotated[
        bool, typer.Option("--none", help="take the file away (all but dsm, buildings, facilities, weather, profile)")
    ] = False,
    why: Why = "",
    compute: Annotated[bool, typer.Option("--run", help="compute what follows at once")] = False,
) -> None:
    """Take another input file in the place of one."""
    from kawasolar.document import edits
    from kawasolar.plan import REMOVABLE, ROLES, InputFile
    from kawasolar.profile import load_profile
    from kawasolar.stages import observed

    if role not in ROLES:
        raise typer.BadParameter(", ".join(ROLES), param_hint="role")
    if none and role not in REMOVABLE:
        raise typer.BadParameter(", ".join(REMOVABLE), param_hint="--none")
    if none == (file is not None):
        raise typer.BadParameter(say(State.language, "cli.input_words"), param_hint="file")
    if role == "profile" and file is not None:
        file = profile_path(file)
    if file is not None and not file.is_file():
        raise PlanError("edit.no_such_file", file=str(file))
    text = load_profile(file).to_toml() if role == "profile" else ""
    path = "" if file is None else str(file.resolve())

    def make(opened: Project, _key: str) -> Edit:
        alone = role == "profile" and file is not None and is_bundled(file)
        chosen = () if alone else observed([InputFile(role, path, 0, "", crs=crs, layer=layer)])
        before = opened.profile.to_toml()
        return edits.exchange_files(
            opened.entries, opened.plan.inputs, chosen, author(why), profile=text, before=before
        )

    edited(project, make, run=compute)


def known_facilities(project: Project, facilities: list[str]) -> list[str]:
    """Ids of facilities, all of which the plan has.

    Raises
    ------
    PlanError
        ``edit.no_such_facility``
    """
    strange = set(facilities) - set(project.plan.facilities["facility_id"])
    if strange:
        raise PlanError("edit.no_such_facility", facility=", ".join(sorted(strange)))
    return facilities

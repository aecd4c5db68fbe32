"""Values of the profile that choose between ways to compute, and which other values have a part in which way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.profile import Profile

_WEBPRO, _JIS, _PVWATTS = 1, 2, 3
_MODULES, _DENSITY = 1, 2
_COUNTED = 1
_AZIMUTH, _BUILDING, _EAST_WEST = 1, 2, 3
# The value that chooses -> beginnings of keys -> its numbers with which such values have a part.
WITH: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "pv.losses": {
        "pv.loss_": (_WEBPRO,), "pv.pcs_": (_WEBPRO,), "jis.": (_JIS,), "pvwatts.": (_PVWATTS,), "temp.": (_WEBPRO, _JIS),
        "pv.temp_coefficient": (_WEBPRO, _JIS),
    },
    "pv.capacity": {
        "pv.density_": (_DENSITY,), "pv.panel_ratio": (_DENSITY,), "module.": (_MODULES,), "layout.": (_MODULES,),
    },
    "pv.snow": {"snow.": (_COUNTED,)},
    "layout.racks": {"layout.east_west_tilt": (_EAST_WEST,), "layout.valley": (_EAST_WEST,), "layout.winter_hours": (_AZIMUTH, _BUILDING)},
}  # fmt: skip


def has_part(key: str, profile: Profile, stage: str = "") -> bool:
    """Whether a value has a part in what the profile asks for.

    Parameters
    ----------
    stage : in the result of this stage; how racks stand is asked by the yield where capacity is told from the area, else by the layout
    """
    if key.startswith("pv.rack_") and stage in ("layout", "yield"):
        return (stage == "yield") == (round(profile.number("pv.capacity")) == _DENSITY)
    if key.startswith("module.") and stage == "eligibility":
        return True  # what a module weighs is asked of roofs without modules, too
    for name, keys in WITH.items():
        wanted = next((numbers for begin, numbers in keys.items() if key.startswith(begin)), None)
        if wanted is not None and round(profile.number(name)) not in wanted:
            return False
    return True

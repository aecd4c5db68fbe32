"""Which values of the profile belong to which model of the losses (:mod:`kawasolar.losses`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kawasolar.profile import Profile

LossName = Literal["webpro", "jis", "pvwatts"]
# The value that says which; by its number, from 1.
MODEL = "pv.losses"
LOSSES: tuple[LossName, ...] = ("webpro", "jis", "pvwatts")
_FACTORS: dict[LossName, tuple[str, ...]] = {
    "webpro": (
        "pv.loss_shade", "pv.loss_ageing", "pv.loss_matching", "pv.loss_array", "pv.pcs_efficiency", "pv.pcs_correction"
    ),
    "jis": ("jis.k_hd", "jis.k_pd", "jis.k_pa", "jis.k_pm", "jis.inverter"),
    # Shares that are lost, of the direct current.
    "pvwatts": (
        "pvwatts.soiling", "pvwatts.shading", "pvwatts.snow", "pvwatts.mismatch", "pvwatts.wiring", "pvwatts.connections", "pvwatts.lid",
        "pvwatts.nameplate", "pvwatts.age", "pvwatts.availability",
    ),
}  # fmt: skip


def name_of(profile: Profile) -> LossName:
    """The model that a profile asks for."""
    return LOSSES[round(profile.number(MODEL)) - 1]


def factor_keys(name: LossName) -> tuple[str, ...]:
    """Keys of the factors of a model, in their order."""
    return _FACTORS[name]

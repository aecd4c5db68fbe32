"""Where shared and public chargers go: so many sites with proof, by distance or by what lies within reach (``docs/siting.md``)."""

from kawasolar.siting.capacitated import capacitated_p_median
from kawasolar.siting.covering import Yearly, cover, cover_by_years, max_coverage
from kawasolar.siting.locate import locate, p_median
from kawasolar.siting.result import Located

__all__ = [
    "Located", "Yearly", "capacitated_p_median", "cover", "cover_by_years", "locate", "max_coverage", "p_median",
]  # fmt: skip

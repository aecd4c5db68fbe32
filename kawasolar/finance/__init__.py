"""Four ways to a roof's PV side by side: on-site PPA, own purchase, lease, roof rent, each with the cash flows of both sides.

Arrays are vectorised over facilities: ``[..., years]`` for the years of operation, ``[..., years + 1]`` for cash flows, whose first
column is the year of the investment. Yen without consumption tax; as much in nominal yen as inflation and price escalation are not zero.
"""

from kawasolar.finance.compare import Comparison, Options, Outcome, compare
from kawasolar.finance.site import Site, Years, years_of
from kawasolar.finance.terms import Terms
from kawasolar.finance.tornado import Bar, tornado
from kawasolar.finance.ways import WAYS, Case, Flow, Way

__all__ = ["WAYS", "Bar", "Case", "Comparison", "Flow", "Options", "Outcome", "Site", "Terms", "Way", "Years", "compare", "tornado", "years_of"]  # fmt: skip

"""How large the PV of each site should be, and what a battery beside it would do.

Arrays are ``[sites, sizes]``, sizes from few modules upwards; money is yen without consumption tax.
"""

from kawasolar.sizing.battery import Battery
from kawasolar.sizing.choose import Choice, Wants, choose
from kawasolar.sizing.ladder import Ladder, ladder_of
from kawasolar.sizing.sizes import Asked, Sizes, sizes_of

__all__ = ["Asked", "Battery", "Choice", "Ladder", "Sizes", "Wants", "choose", "ladder_of", "sizes_of"]

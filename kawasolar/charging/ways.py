"""The ways of charging: at once on arrival; spread so that the peak is lowest; after the roof's surplus."""

from __future__ import annotations

# In the order in which papers tell them.
WAYS = ("unmanaged", "staggered", "follow")

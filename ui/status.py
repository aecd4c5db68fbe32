"""What became of a facility: the order, the icon and the colour, the same everywhere in the window."""

from __future__ import annotations

# chosen, eligible but not chosen, unknown, ineligible
STATUSES = ("chosen", "eligible", "unknown", "ineligible")
STATUS_ICONS = {
    "chosen": ("check-circle", "accent"),
    "eligible": ("circle-outline", "accent"),
    "unknown": ("help-circle-outline", "attention"),
    "ineligible": ("minus-circle-outline", "muted"),
}

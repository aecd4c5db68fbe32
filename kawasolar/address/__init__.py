"""Japanese addresses: brought into one form, and looked up in the plan's own layers, offline."""

from __future__ import annotations

from kawasolar.address.book import AddressBook, Entry, Found, placed_by_address
from kawasolar.address.normal import Address, parse_address
from kawasolar.address.parcels import Parcels, read_parcels
from kawasolar.address.table import Addresses, building_entries, read_addresses

__all__ = [
    "Address", "AddressBook", "Addresses", "Entry", "Found", "Parcels", "building_entries", "parse_address", "placed_by_address", "read_addresses",
    "read_parcels",
]  # fmt: skip

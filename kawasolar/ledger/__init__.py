"""Facility ledgers as municipalities keep them, read into the frames of ``docs/nomenclature.md``."""

from __future__ import annotations

from kawasolar.ledger.facilities import Ledger, read_facilities

__all__ = ["Ledger", "read_facilities"]

"""Ledgers of other things than facilities: lamps, vehicles, buildings of a facility, supply points, works on roofs."""

from __future__ import annotations

from kawasolar.registers.owners import with_facilities
from kawasolar.registers.reading import Register, read_register
from kawasolar.registers.schema import KINDS, Schema, schema_of
from kawasolar.registers.template import write_template

__all__ = ["KINDS", "Register", "Schema", "read_register", "schema_of", "with_facilities", "write_template"]

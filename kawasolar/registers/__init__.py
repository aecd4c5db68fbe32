"""Ledgers of other things than facilities: lamps, vehicles, buildings of a facility, supply points, works on roofs."""

from __future__ import annotations

from kawasolar.registers.of_plan import (
    NewerRegister,
    as_read,
    leave_register,
    newer_register,
    register_of,
    rows_of_plan,
    take_register,
    unknown_rows,
)
from kawasolar.registers.owners import supply_points_of, with_facilities
from kawasolar.registers.reading import Register, read_register
from kawasolar.registers.renewal import RegisterRenewal, compare_registers
from kawasolar.registers.schema import KINDS, Schema, schema_of
from kawasolar.registers.template import write_template

__all__ = [
    "KINDS",
    "NewerRegister",
    "Register",
    "RegisterRenewal",
    "Schema",
    "as_read",
    "compare_registers",
    "leave_register",
    "newer_register",
    "read_register",
    "register_of",
    "rows_of_plan",
    "schema_of",
    "supply_points_of",
    "take_register",
    "unknown_rows",
    "with_facilities",
    "write_template",
]

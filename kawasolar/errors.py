"""What can go wrong while planning, as codes that the window and the command line turn into words."""

from __future__ import annotations

from gis.errors import CodedError


class PlanError(CodedError):
    """Root of all errors of this package."""


class UnreadableLedger(PlanError):
    """A table that cannot be read at all: missing, locked, empty, of another format."""


class UnreadableAddresses(PlanError):
    """A file of addresses that cannot be read, or has no addresses with places."""


class UnreadableWeather(PlanError):
    """A weather file that cannot be read or does not hold a full year."""


class UnreadableMeters(PlanError):
    """A file that cannot be read as the half hours of electricity meters, or is known to be something else."""


class UnreadableProject(PlanError):
    """A project file that is damaged, of a newer version, or no project at all."""


class UnreadableProfile(PlanError):
    """A profile with a missing, unknown or impossible value."""


class TariffError(PlanError):
    """A bill that cannot be made: no tariff for such a contract, a price that is not there, a series that is no year."""


class NotWritable(PlanError):
    """The target cannot be written: locked by another program, read-only, disk full."""


class ProgrammeInvalid(PlanError):
    """Sites or rules of a programme that mean nothing, or a question about a site that is not there."""

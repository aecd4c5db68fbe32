"""The planning domain: ledgers, yield, eligibility, the half, project file, exports, command line."""

__version__ = "0.1.0"

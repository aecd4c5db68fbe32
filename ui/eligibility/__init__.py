"""The window of eligibility laid open."""

"""Chargers at each base in the window."""

"""Beside a profile itself: reading and writing its tables, what is wrong with one, one while it is edited."""

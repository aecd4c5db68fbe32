"""Measures at a facility one after the other, in the window."""

"""Scenarios: choosing, naming and copying them, and putting them side by side."""

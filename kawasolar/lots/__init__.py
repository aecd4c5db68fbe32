"""Tender lots: sites grouped by rules, one price each from the operator's cash flow, and the sites that spoil it."""

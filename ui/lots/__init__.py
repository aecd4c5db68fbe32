"""Tender lots: rules, proposal, prices, and moving sites between them."""

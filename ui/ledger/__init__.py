"""The window for ledgers: which column is which, what is wrong, and a newer one for a plan."""

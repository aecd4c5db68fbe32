"""The next-generation fleet in the window."""

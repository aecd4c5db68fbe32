"""The size of each site in the window."""

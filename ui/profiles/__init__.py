"""The window in which a municipality's profile is edited."""

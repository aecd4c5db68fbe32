"""LED retrofits of a plan's facilities."""

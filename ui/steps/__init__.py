"""The panels beside the rail, one a step of the work."""

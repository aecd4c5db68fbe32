"""The review of links: a queue of facilities beside the map, worked through with the keyboard alone."""

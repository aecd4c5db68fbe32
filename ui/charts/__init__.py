"""Charts of the inspector and the panels: no frame, few ticks, direct labels, hover reads the value."""

"""Makes the synthetic sample town: surface, buildings, ledgers, meters and weather, all from one seed."""

"""Four ways to a roof's PV side by side, for one facility."""

"""Sites of shared and public chargers: what is asked, the sites with why, a map, the curve."""

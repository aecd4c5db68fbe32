"""The inspector: one facility, from the headline to the reasons."""

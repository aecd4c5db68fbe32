"""What a person changes with a reason: the values of the profile, and the parts for writing such a change down."""

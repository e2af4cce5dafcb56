"""The administrative register of victims: one row a person, what was decided of her and when, her way through help."""

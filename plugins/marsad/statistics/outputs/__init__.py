"""What is made of a release for its readers: a bulletin and the forms of others, from the release's cells alone."""

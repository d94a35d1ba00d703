"""Console pages of administrators, portal users and groups."""

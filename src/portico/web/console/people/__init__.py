"""Console of people."""

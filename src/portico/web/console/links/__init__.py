"""Console of links."""

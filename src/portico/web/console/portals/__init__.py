"""Console of portals."""

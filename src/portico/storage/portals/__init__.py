"""Storage of portals."""

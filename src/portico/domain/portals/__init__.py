"""Domain of portals."""

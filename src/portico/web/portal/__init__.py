"""The pages of portals."""

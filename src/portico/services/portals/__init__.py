"""Services of portals."""

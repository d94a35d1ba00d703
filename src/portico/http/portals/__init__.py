"""The API of user portals: the portals themselves, their pages, and certificates."""

"""Values and rules of user portals, their pages, domains and certificates."""

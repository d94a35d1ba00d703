"""Console pages of user portals: the list, tabs, order, search and the dashboard."""

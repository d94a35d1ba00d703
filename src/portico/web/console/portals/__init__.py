"""Console pages of user portals: the list, the tabs of one, the order, the dashboard."""

"""Services of links."""

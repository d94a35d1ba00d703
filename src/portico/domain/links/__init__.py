"""Domain of links."""

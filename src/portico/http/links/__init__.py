"""The API of links: the links themselves, many at once, how they are shown, and applications."""

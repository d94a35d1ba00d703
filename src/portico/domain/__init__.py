"""Values and rules of portals and links, in nothing but the standard library."""

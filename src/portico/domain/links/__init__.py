"""Values and rules of links, sections, how links are shown, and application segments."""

"""Use-cases of links, sections, how links are shown, and application segments."""

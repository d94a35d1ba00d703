"""Console pages of links, sections, how links are shown, and application segments."""

"""Console pages of links and sections."""

"""Domain of people."""

"""Console of frame."""

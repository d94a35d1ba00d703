"""Console of audit."""

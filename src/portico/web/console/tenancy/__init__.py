"""Console pages of microtenants and API clients."""

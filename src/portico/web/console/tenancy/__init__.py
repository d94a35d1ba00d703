"""Console pages of tenants, microtenants, API clients and their tokens."""

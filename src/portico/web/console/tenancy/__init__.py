"""Console of tenancy."""

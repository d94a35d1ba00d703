"""Domain of tenancy."""

"""Storage of tenancy."""

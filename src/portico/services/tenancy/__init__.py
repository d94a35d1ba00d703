"""Use-cases of tenants, microtenants, API clients and their tokens."""

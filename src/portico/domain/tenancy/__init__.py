"""Values and rules of tenants, microtenants, API clients and their tokens."""

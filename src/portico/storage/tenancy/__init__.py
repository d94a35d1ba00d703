"""Stored tenants, microtenants, API clients and their tokens."""

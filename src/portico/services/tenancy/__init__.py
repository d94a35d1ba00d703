"""Services of tenancy."""

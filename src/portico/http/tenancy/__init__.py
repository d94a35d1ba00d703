"""The API of tenants: sign-in, tokens, authentication domains and microtenants."""

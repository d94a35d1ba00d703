"""The hot paths: cached reads and plain sign-ins, answered ahead of the router."""

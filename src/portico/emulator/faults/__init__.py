"""Faults on demand: rules that spoil answers of the API, and the vendor's rate limits."""

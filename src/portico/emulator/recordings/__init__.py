"""Recorded exchanges with the vendor: read, replayed against Portico, compared, and recorded."""

"""Metrics, traces and logs of a served Portico."""

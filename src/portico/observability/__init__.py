"""Logs, metrics and traces (decision 32)."""

"""Services of audit."""

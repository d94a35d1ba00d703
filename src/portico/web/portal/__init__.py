"""Web of portal."""

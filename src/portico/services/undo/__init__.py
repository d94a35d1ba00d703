"""Services of undo."""

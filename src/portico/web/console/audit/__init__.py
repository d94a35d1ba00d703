"""The audit log of the console, and its entries in words."""

"""Acceptable use policies, and who accepted them."""

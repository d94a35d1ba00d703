"""Encryption of secrets at rest, and the keys it uses."""

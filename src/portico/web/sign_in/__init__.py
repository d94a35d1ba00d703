"""Signing in to the console and to portals, by password or through a provider, and signing out."""

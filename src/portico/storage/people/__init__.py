"""Stored administrators, portal users, groups, providers, sessions and sign-in."""

"""Runs the stand-in for tests: opens its database, assembles its application and serves it."""

"""Tests of signing in to the console and to portals."""

"""Tests of http/portals."""

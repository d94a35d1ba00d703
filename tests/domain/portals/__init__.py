"""Tests of domain/portals."""

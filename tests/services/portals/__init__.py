"""Tests of services/portals."""

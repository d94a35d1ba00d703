"""Tests of services/links."""

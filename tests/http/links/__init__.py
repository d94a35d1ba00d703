"""Tests of http/links."""

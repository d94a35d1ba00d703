"""Tests of http/kit."""

"""Tests of web/portal."""

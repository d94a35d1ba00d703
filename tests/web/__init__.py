"""Tests of the pages, in a real browser where a browser decides."""

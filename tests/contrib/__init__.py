"""Tests of the files in `contrib`."""

"""Tests of services/undo."""

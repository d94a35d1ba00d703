"""Tests of fault rules, effects, profiles and the vendor's limits."""

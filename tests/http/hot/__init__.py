"""Tests of http/hot."""

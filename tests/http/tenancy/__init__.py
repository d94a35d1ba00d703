"""Tests of http/tenancy."""

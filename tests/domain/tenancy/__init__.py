"""Tests of domain/tenancy."""

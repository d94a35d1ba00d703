"""The stand-in for the vendor's service in tests: the same application, under a test's control."""

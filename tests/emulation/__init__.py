"""Tests of running the stand-in: environments, commands, and `portico.testing`."""

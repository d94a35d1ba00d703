"""Tests of the stand-in's server, over real sockets."""

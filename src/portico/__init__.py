"""Portico: self-hosted user portals and the links that people open on them."""

__version__ = "0.9.0"

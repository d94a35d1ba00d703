"""The guides in `docs/how-to/stand-in`, run as they are printed."""

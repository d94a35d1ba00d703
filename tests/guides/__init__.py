"""The guides in `docs/guides`, run as they are printed."""

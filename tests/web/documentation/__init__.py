"""The documentation site, as it is built and as `portico serve` serves it."""

"""Use-cases: one function each, the same for every door (API, console, portal page, CLI)."""

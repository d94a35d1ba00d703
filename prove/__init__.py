"""Experiments that prove what Portico survives. `scripts/prove` runs them."""

"""The console for administrators: pages over the same use-cases as the API, with no rule of its own."""

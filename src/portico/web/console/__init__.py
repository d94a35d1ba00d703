"""The console for administrators: pages over the use-cases of the API, with no rule of its own."""

"""Reports about what a run called, of the entries of its journal."""

"""The journal: every request of the vendor's API with its answer, bounded, to search and export."""

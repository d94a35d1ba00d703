"""`scripts/screenshots`: pictures of the main pages for docs/, taken of the demo data."""

"""Seeds: reading, planting, exporting."""

"""Seeds: YAML or JSON files with tenants and everything in them, read, planted and exported."""

"""Http of kit."""

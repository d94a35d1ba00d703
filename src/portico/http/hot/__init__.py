"""Http of hot."""

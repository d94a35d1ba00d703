"""Makes the part of Tabler's stylesheet that the console uses."""

"""The benchmark: Portico compared with a limit, a reference and other tools."""

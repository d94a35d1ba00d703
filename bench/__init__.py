"""The benchmark: Portico beside a limit, a reference and the stand-ins people use today."""

"""Reading, replaying, comparing and recording exchanges with the vendor."""

"""Commands that run, reach, seed and check a stand-in, and the options of every stand-in."""

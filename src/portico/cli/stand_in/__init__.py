"""Commands for clients of the stand-in, and the options of every stand-in."""

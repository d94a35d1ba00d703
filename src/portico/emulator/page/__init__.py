"""The stand-in's page in the console: requests as they come, faults, the clock, and snapshots."""

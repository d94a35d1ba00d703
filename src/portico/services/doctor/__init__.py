"""`portico doctor`: checks of an installation that change nothing."""

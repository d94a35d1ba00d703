"""Pages rendered on the server for people with a browser."""

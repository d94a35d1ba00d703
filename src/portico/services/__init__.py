"""Use-cases, one function each, for the API, the console, portal pages and the command line."""

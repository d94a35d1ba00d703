"""The administrators' console: pages over the API's services, without rules of its own."""

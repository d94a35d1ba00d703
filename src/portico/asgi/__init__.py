"""What the JSON API and the pages share about requests: neither of the two imports the other."""

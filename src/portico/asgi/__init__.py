"""Request handling that the JSON API and the pages share: neither of them imports the other."""

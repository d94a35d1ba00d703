"""Tables, statements, transactions and migrations: the only layer that speaks SQL."""

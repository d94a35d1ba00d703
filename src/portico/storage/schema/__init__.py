"""Tables, migrations, and the placement of tables in a distributed database."""

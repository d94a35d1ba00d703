"""Tables, migrations, and where tables live on a distributed database."""

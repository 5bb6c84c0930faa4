"""The only code that writes to the world: raw files, database, Elasticsearch, mail."""

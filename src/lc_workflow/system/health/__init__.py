"""Health: whether the database, the cache and the storage answer."""

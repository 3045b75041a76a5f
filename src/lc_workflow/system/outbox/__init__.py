"""The outbox: facts that listeners could not be told, and telling them again."""

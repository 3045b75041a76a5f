"""What every context stands on: configuration, database, security, storage, the journal, HTTP plumbing."""

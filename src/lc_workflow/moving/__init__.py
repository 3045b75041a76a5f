"""Moving from the old service: its database is read, never written, and its content becomes rows here."""

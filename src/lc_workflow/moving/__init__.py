"""Moving from the old service: its database is read, never written, and what it holds becomes rows of this house."""

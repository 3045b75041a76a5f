"""Registry: customers as people at the counter look after them, apart from any loan."""

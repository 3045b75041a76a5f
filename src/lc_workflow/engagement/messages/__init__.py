"""Messages: what one person writes to many."""

"""What is retried happens once: a client's key is remembered with the answer it got."""

"""The jobs in the queue: where each stands, and another try for one that failed."""

"""The work that moves make: queues, who takes it, and its deadlines."""

"""Protection: what has threatened the house, and whom it shuts out."""

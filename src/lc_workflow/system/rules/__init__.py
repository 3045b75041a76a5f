"""What settings may hold, in plain Python."""

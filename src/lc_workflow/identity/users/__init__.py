"""Users: accounts, and the person behind each."""

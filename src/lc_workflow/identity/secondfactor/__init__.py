"""The second factor: codes that only the person's telephone makes, and codes on paper for when it is lost."""

"""Selfies: pictures that show that a customer, and an officer with them, were where they say."""

"""The lending policy, readable from top to bottom."""

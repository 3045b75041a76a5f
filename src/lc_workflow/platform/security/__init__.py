"""Tokens, passwords, and the guards that stand before routes."""

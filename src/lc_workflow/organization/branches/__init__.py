"""Branches: where people work and loans are made."""

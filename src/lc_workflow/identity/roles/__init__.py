"""Roles: what the company lets people do, as rows, and who holds what."""

"""Parties: changing who and what stands behind an application, one row at a time."""

"""Availability: whether a name is still free, asked while a form is filled in."""

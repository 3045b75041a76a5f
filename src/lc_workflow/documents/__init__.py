"""Folders and files; an application is known here only as an id."""

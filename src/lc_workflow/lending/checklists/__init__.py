"""Checklists: which papers the house asks for, in versions."""

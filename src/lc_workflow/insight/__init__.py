"""Figures over everything below; reads everyone, changes nobody."""

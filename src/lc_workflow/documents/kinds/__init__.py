"""Kinds of papers: what they are called, and the folder each is filed in."""

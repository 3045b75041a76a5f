"""Positions: what people are called."""

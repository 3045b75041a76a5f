"""Preferences: how a person wants to hear of things."""

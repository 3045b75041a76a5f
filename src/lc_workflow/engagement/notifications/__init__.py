"""Notifications: what a person was told, and what they have read."""

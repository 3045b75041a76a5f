"""Customers: one row per person, however many loans."""

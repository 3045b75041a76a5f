"""Deliveries: files that clients bring to the store themselves, before the library takes them in."""

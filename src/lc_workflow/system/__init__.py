"""The installation itself: its health, its settings, its enumerations."""

"""Seeding: what every installation can use, and the demo institution that shows the house at work."""

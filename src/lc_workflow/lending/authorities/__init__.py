"""Authorities: who holds which role where, up to what, and who stands in for whom."""

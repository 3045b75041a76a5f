"""Scoring: points for what is known of a loan; the system recommends, people decide."""

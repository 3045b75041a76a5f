"""The dashboard: counts, recent work, and how fast it goes."""

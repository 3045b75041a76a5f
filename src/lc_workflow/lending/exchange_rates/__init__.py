"""Exchange rates: what one currency is worth in another, as somebody wrote it down for a day."""

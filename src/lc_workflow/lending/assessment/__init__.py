"""Assessment: what a household earns, spends and owes, and whether it can carry the loan."""

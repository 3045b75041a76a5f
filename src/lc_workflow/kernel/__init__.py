"""Plain Python that every context shares: refusals, the acting person, facts and money."""

"""People: the accounts of the company in figures."""

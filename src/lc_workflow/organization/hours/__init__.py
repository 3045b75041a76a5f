"""The hours of branches and the holidays of the institution, as data."""
